import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeKnownHosts } from '../keys.ts';
import { bestAccelerator, QEMU } from './accelerator.ts';
import { condition } from './condition.ts';
import { type MachineImage, machineImage } from './image.ts';
import type { Accelerator, MachineOptions } from './machine-options.ts';
import { type Launch, type MachineFiles, qemuWords } from './qemu-words.ts';
import { qmp, shutdownReason } from './qmp.ts';
import { runProgram } from './run.ts';
import { silenceOf } from './silence.ts';
import { sshBanner } from './ssh-banner.ts';

/** A virtual machine of its own, reached over SSH on 127.0.0.1. */
export interface Machine {
  readonly name: string;
  readonly directory: string;
  readonly accelerator: Accelerator;
  readonly address: '127.0.0.1';
  /** The same over power cuts. */
  readonly port: number;
  readonly privateKeyPath: string;
  readonly knownHostsPath: string;
  /** What the machine said on its serial line, over all its boots. */
  readonly serialLog: string;
  /** What the machine wrote, over the base disk: with it another machine can go on from here. Power off first. */
  readonly disk: string;
  /** Of QEMU; undefined while the power is off. */
  readonly pid: number | undefined;
  /**
   * Resolves once sshd answers. @throws Error with the {@link Machine.condition} when it does not in time, or the machine has said
   * nothing on its serial line for five minutes: it hangs, and whoever waits has others to start.
   */
  readonly waitForSsh: (deadlineMs: number) => Promise<void>;
  /** Ends QEMU between two instructions: whatever was not on the disk is lost. */
  readonly powerCut: () => Promise<void>;
  readonly powerOn: () => Promise<void>;
  /** The next reset of the guest is its last: it goes down and stays down until {@link powerOn}. */
  readonly dieAtReset: () => void;
  /** Whether it runs, how much it worked, and what its serial line last said, for messages. Never rejects. */
  readonly condition: () => Promise<string>;
  /** A command of QEMU's machine protocol, e.g. `system_reset`. */
  readonly qmp: (command: string, args?: Readonly<Record<string, unknown>>) => Promise<unknown>;
  /** Power off, and nothing left behind but the directory. */
  readonly close: () => Promise<void>;
}

/**
 * Starts a machine from the cached image, which is made first when there is none. It boots on: see {@link Machine.waitForSsh}.
 * @throws Error when QEMU does not start, with its words.
 * @example
 * const machine = await startMachine({ name: 'gpu01', directory: '.lab/vm' });
 * await machine.waitForSsh(300_000);
 */
export async function startMachine(options: MachineOptions): Promise<Machine> {
  const image = await machineImage();
  const directory = resolve(options.directory);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const files = filesIn(directory);
  await prepareDisk(options.baseDisk ?? image.disk, files.disk);
  const port = await freePort();
  await writeKnownHosts(directory, [{ address: '127.0.0.1', port, publicKey: image.hostKey }]);
  const privateKeyPath = await privateKeyIn(directory, image);
  const accelerator = options.accelerator ?? (await bestAccelerator());
  const power = new PowerSupply({ options, accelerator, files, port });
  await power.on();
  return {
    name: options.name,
    directory,
    accelerator,
    address: '127.0.0.1',
    port,
    privateKeyPath,
    knownHostsPath: join(directory, 'known_hosts'),
    serialLog: files.serialLog,
    disk: files.disk,
    get pid() {
      return power.pid;
    },
    waitForSsh: (deadlineMs) => power.waitForSsh(deadlineMs),
    powerCut: () => power.cut(),
    powerOn: () => power.on(),
    dieAtReset: () => power.dieAtReset(),
    condition: () => power.condition(),
    qmp: (command, args) => qmp(files.qmpSocket, command, args),
    close: () => power.cut(),
  };
}

function filesIn(directory: string): MachineFiles {
  return {
    disk: join(directory, 'disk.qcow2'),
    serialLog: join(directory, 'serial.log'),
    qmpSocket: join(directory, 'qmp.sock'),
    eventSocket: join(directory, 'events.sock'),
  };
}

/** An overlay holds what differs from its base and costs nothing at first. */
async function prepareDisk(base: string, disk: string): Promise<void> {
  const exists = await stat(disk).then(
    () => true,
    () => false,
  );
  if (exists) return;
  const format = base.endsWith('.qcow2') ? 'qcow2' : 'raw';
  await runProgram(['qemu-img', 'create', '-q', '-f', 'qcow2', '-b', resolve(base), '-F', format, disk]);
}

/** ssh(1) refuses a key that others can read, and the cache may be another user's. */
async function privateKeyIn(directory: string, image: MachineImage): Promise<string> {
  const path = join(directory, 'id_ed25519');
  await copyFile(image.privateKeyPath, path);
  return path;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  return address.port;
}

const HANGS_MS = 5 * 60_000;

/**
 * QEMU's process, which is the machine being on. A reset of the guest ends it, and it is started again: emulation keeps what it
 * translated of the old boot's memory, and the new boot's writes to those pages would take minutes.
 */
class PowerSupply {
  readonly #launch: Launch;
  #qemu: ChildProcess | undefined;
  #said = '';
  #diesAtReset = false;
  #afterlife: Promise<void> | undefined;

  constructor(launch: Launch) {
    this.#launch = launch;
  }

  get pid(): number | undefined {
    return this.#isOn ? this.#qemu?.pid : undefined;
  }

  get #isOn(): boolean {
    return this.#qemu !== undefined && this.#qemu.exitCode === null && this.#qemu.signalCode === null;
  }

  dieAtReset(): void {
    this.#diesAtReset = true;
  }

  async on(): Promise<void> {
    if (this.#isOn) return;
    this.#diesAtReset = false;
    await rm(this.#launch.files.qmpSocket, { force: true });
    // However this process ends, its machines end with it (prctl(2), PR_SET_PDEATHSIG).
    const words = ['--pdeathsig', 'KILL', QEMU, ...qemuWords(this.#launch)];
    const qemu = spawn('setpriv', words, { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#qemu = qemu;
    this.#said = '';
    qemu.stderr.on('data', (chunk: Buffer) => (this.#said = (this.#said + chunk.toString()).slice(-4000)));
    await this.#isReady(qemu);
    this.#afterlife = this.#watch(once(qemu, 'close'));
  }

  /** Settles when the machine is off for good, or on again after a reset. */
  async #watch(closed: Promise<unknown>): Promise<void> {
    try {
      const reason = await shutdownReason(this.#launch.files.eventSocket);
      await closed;
      if (reason === 'guest-reset' && !this.#diesAtReset) await this.on();
    } catch (error) {
      this.#said = error instanceof Error ? error.message : String(error);
    }
  }

  async #isReady(qemu: ChildProcess): Promise<void> {
    const failed = once(qemu, 'error').then(([error]: unknown[]) => {
      throw new Error(`QEMU could not be run: ${error instanceof Error ? error.message : String(error)}`);
    });
    failed.catch(() => {});
    for (;;) {
      const isUp = await Promise.race([
        failed,
        qmp(this.#launch.files.qmpSocket, 'query-status').then(
          () => true,
          () => false,
        ),
      ]);
      if (isUp) return;
      if (!this.#isOn) throw new Error(`QEMU did not start: ${this.#said.trim()}`);
      await sleep(50);
    }
  }

  async cut(): Promise<void> {
    if (!this.#isOn) await this.#afterlife;
    const qemu = this.#qemu;
    if (!qemu || !this.#isOn) return;
    const closed = once(qemu, 'close');
    qemu.kill('SIGKILL');
    await closed;
  }

  async waitForSsh(deadlineMs: number): Promise<void> {
    const { port, options, files } = this.#launch;
    const began = performance.now();
    const silence = silenceOf(files.serialLog);
    while (performance.now() < began + deadlineMs && (await silence()) < HANGS_MS) {
      if (!this.#isOn) await this.#afterlife;
      if (!this.#isOn) throw new Error(`${options.name} is off: ${await this.condition()}`);
      if (await sshBanner(port)) return;
      await sleep(250);
    }
    const seconds = Math.round((performance.now() - began) / 1000);
    throw new Error(`${options.name}: no sshd answered within ${seconds} s: ${await this.condition()}`);
  }

  condition(): Promise<string> {
    const { accelerator, files } = this.#launch;
    return condition({ accelerator, pid: this.pid, said: this.#said, ...files });
  }
}
