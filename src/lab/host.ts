import { randomUUID } from 'node:crypto';
import { appendFile, readdir } from 'node:fs/promises';
import { release } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { bootKernel, configDirectories, type Machine } from './boot/boot.ts';
import type { Enclosure } from './enclosure.ts';
import { FaultOrders } from './fault-orders.ts';
import { attribute, directory, FileError, type VirtualDirectory } from './fuse/tree.ts';
import { changeMachineId, emptyBoot, filesInside, fillBoot, install, installedKernels } from './host-disk.ts';
import { functionsOf } from './kernel/cards.ts';
import { usuallyBuiltin, withDependencies } from './kernel/catalog.ts';
import { SimulatedKernel } from './kernel/kernel.ts';
import { modprobeDirectories } from './kernel/modprobe-config.ts';
import { procTree } from './kernel/proc.ts';
import { procInterrupts, procIomem, procModules, sysfs } from './kernel/sysfs.ts';
import { type KeyPair, newKeyPair } from './keys.ts';
import { loginEntry } from './login.ts';
import type { Fault, HostOptions } from './options.ts';
import { enter, type Sandbox, startSandbox, stopSandbox } from './sandbox.ts';
import { readInside, rootEnv, runInside, writeInside } from './sandbox-run.ts';
import { noiseText, openDoor, type SshDoor } from './ssh-door.ts';
import type { ChannelRequest, Spawned } from './ssh-session.ts';
import { answerCall } from './tools/call.ts';
import { imageFor } from './tools/initramfs.ts';
import type { ToolHost } from './tools/tool.ts';
import { startEnabledUnits, Units } from './units.ts';

/** From when to when a host answered, in milliseconds of the lab's monotonic clock; `until` is absent while it does. */
export interface Uptime {
  readonly from: number;
  readonly until?: number;
}

export interface HostSetting {
  readonly options: HostOptions;
  readonly stateDirectory: string;
  /** Milliseconds without a word at a reboot. */
  readonly bootMs: number;
  readonly clientKey: string;
  readonly hostKey: KeyPair;
  /** The machine's interface that carries the traffic; the simulated NIC behind it has its name. */
  readonly interface: string;
}

// An older kernel stands beside the running one, whose version uname shows and nobody can simulate.
const kernelVersions: readonly string[] = [release(), '5.10.0-30-amd64'];
const users = ['root', 'operator'] as const;

const idleKernel = (builtin: readonly string[]): SimulatedKernel =>
  new SimulatedKernel({ functions: [], iommu: false, cmdline: '', builtin });

function machineOf({ options, interface: uplink }: HostSetting): Machine {
  return {
    functions: functionsOf({ cards: options.cards, interface: uplink }),
    cpu: options.cpu,
    firmwareIommu: options.firmwareIommu ?? true,
    builtin: withDependencies([...usuallyBuiltin, ...(options.builtin ?? [])]),
  };
}

/** One simulated server over all its boots. */
export class SimulatedHost {
  readonly setting: HostSetting;
  readonly #machine: Machine;
  readonly #faults: FaultOrders;
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #productUuid = randomUUID();
  #enclosure: Enclosure | undefined;
  #sandbox: Sandbox | undefined;
  #door: SshDoor | undefined;
  #kernel: SimulatedKernel;
  #units = new Units(async () => new Map());
  #hostKey: string;
  #bootId = '';
  #bootedAt = 0;
  #uptimes: readonly Uptime[] = [];
  #port: number;
  /** Going down and coming up happen one after the other, whoever asks. */
  #transition: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(setting: HostSetting) {
    this.setting = setting;
    this.#port = setting.options.port;
    this.#hostKey = setting.hostKey.privateKey;
    this.#faults = new FaultOrders(setting.options.faults ?? []);
    this.#machine = machineOf(setting);
    this.#kernel = idleKernel(this.#machine.builtin);
  }

  get name(): string {
    return this.setting.options.name;
  }

  get port(): number {
    return this.#port;
  }

  get isUp(): boolean {
    return this.#door !== undefined;
  }

  get uptimes(): readonly Uptime[] {
    return this.#uptimes;
  }

  /** The host's part of the FUSE file system. */
  tree(): VirtualDirectory {
    const table = this.#machine.cpu === 'intel' ? 'DMAR' : 'IVRS';
    return directory({
      call: { kind: 'file', mode: 0o666, converse: (request) => answerCall(this.#toolHost(), request) },
      boot_id: attribute(() => this.#bootId),
      proc: procTree({
        cmdline: () => this.#kernel.options.cmdline,
        modules: () => procModules(this.#kernel),
        iomem: () => procIomem(this.#kernel),
        interrupts: () => procInterrupts(this.#kernel),
        uptime: () => `${((performance.now() - this.#bootedAt) / 1000).toFixed(2)} 0.00`,
        real: () => readdir(`${this.#sandbox?.root}/dev/.proc`),
      }),
      sys: sysfs({
        kernel: () => this.#kernel,
        firmwareTable: this.#machine.firmwareIommu ? table : undefined,
        productUuid: this.#productUuid,
        beforeUnbind: (bdf) => this.#faults.beforeUnbind(bdf),
      }),
    });
  }

  /** Installs the host and boots it for the first time. */
  async start(enclosure: Enclosure): Promise<void> {
    this.#enclosure = enclosure;
    const sandbox = await startSandbox(enclosure, this.name);
    this.#sandbox = sandbox;
    await install(sandbox, this.setting.options, { versions: kernelVersions, builtin: this.#kernel.options.builtin });
    for (const version of kernelVersions) {
      await writeInside(sandbox, `/boot/initrd.img-${version}`, await imageFor(this.#toolHost(), version));
    }
    const grub = await runInside(sandbox, 'update-grub');
    if (grub.code !== 0) throw new Error(`${this.name} has no boot menu: ${grub.err.trim()}`);
    await this.#boot();
    if (this.#faults.find('full-boot')) await fillBoot(sandbox);
  }

  async order(fault: Fault): Promise<void> {
    this.#faults.add(fault);
    if (fault.kind === 'full-boot' && this.#sandbox) await fillBoot(this.#sandbox);
  }

  /** Takes every fault back and, when the host has not come up, powers it on again. */
  async heal(): Promise<void> {
    this.#faults.clear();
    await this.#transition;
    if (this.#sandbox) await emptyBoot(this.#sandbox);
    else await this.#serialize(() => this.#powerOn());
  }

  /** Resolves when the host is up again, or when it is clear that it never will be. */
  reboot(): Promise<void> {
    if (this.#faults.find('same-boot-id')) return Promise.resolve();
    return this.#serialize(async () => {
      await this.#goDown();
      await sleep(this.setting.bootMs);
      await this.#powerOn();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#faults.answerHanging();
    await this.#transition;
    await this.#goDown();
  }

  #serialize(step: () => Promise<void>): Promise<void> {
    const next = this.#transition.then(() => (this.#closed ? undefined : step()));
    this.#transition = next.catch((error: Error) => this.#console(`lab: ${error.message}`));
    return this.#transition;
  }

  #after(ms: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, ms);
    this.#timers.add(timer);
  }

  #cancelTimers(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  async #powerOn(): Promise<void> {
    if (this.#closed || !this.#enclosure || this.#faults.find('never-returns')) return;
    this.#sandbox = await startSandbox(this.#enclosure, this.name);
    if (this.#faults.take('new-host-key')) this.#hostKey = newKeyPair(this.name).privateKey;
    if (this.#faults.take('wrong-machine-id')) await changeMachineId(this.#sandbox);
    const again = this.#faults.take('second-reboot');
    await this.#boot();
    if (again) this.#after(again.afterMs, () => void this.reboot());
  }

  async #boot(): Promise<void> {
    const sandbox = this.#sandbox;
    if (!sandbox) return;
    this.#bootId = randomUUID();
    this.#bootedAt = performance.now();
    try {
      const config = await filesInside(sandbox, [...modprobeDirectories, ...configDirectories]);
      this.#kernel = await bootKernel(this.#machine, {
        config,
        file: (path) => readInside(sandbox, path),
        runEarly: async (kernel, script) => {
          this.#kernel = kernel;
          await runInside(sandbox, script);
        },
      });
    } catch (error) {
      await this.#console((error as Error).message);
      return this.#goDown();
    }
    this.#units = new Units((paths) => filesInside(this.#sandbox, paths));
    await startEnabledUnits(this.#units, (paths) => filesInside(sandbox, paths));
    await this.#open();
  }

  async #open(): Promise<void> {
    this.#door = await openDoor({
      address: this.setting.options.address,
      port: this.#port,
      hostKey: this.#hostKey,
      clientKey: this.setting.clientKey,
      users,
      spawn: (request) => this.#spawn(request),
      faults: () => this.#faults.all,
    });
    this.#port = this.#door.port;
    this.#uptimes = [...this.#uptimes, { from: performance.now() }];
  }

  async #goDown(): Promise<void> {
    this.#cancelTimers();
    const [door, sandbox] = [this.#door, this.#sandbox];
    this.#door = undefined;
    this.#sandbox = undefined;
    if (door) this.#uptimes = this.#uptimes.map((each) => ({ until: performance.now(), ...each }));
    await door?.close();
    this.#faults.answerHanging();
    if (sandbox) await stopSandbox(sandbox);
  }

  #spawn(request: ChannelRequest): Spawned {
    if (!this.#sandbox) throw new Error(`${this.name} is down`);
    const noise = this.#faults.find('noise');
    return { child: enter(this.#sandbox, loginEntry(request)), noise: noise && (noise.text ?? noiseText) };
  }

  async #console(line: string): Promise<void> {
    await appendFile(join(this.setting.stateDirectory, `console-${this.name}.log`), `${line}\n`).catch(() => {});
  }

  #toolHost(): ToolHost {
    const sandbox = this.#sandbox;
    if (!sandbox) throw new FileError('EIO');
    return {
      kernel: this.#kernel,
      version: release(),
      units: this.#units,
      files: (paths) => filesInside(sandbox, paths),
      reboot: (inMs) => this.#after(inMs, () => void this.reboot()),
      cancelReboot: () => this.#cancelTimers(),
      later: (inMs, argv) => this.#after(inMs, () => void enter(sandbox, { argv, env: rootEnv }).on('error', () => {})),
      readFile: (path) => readInside(sandbox, path),
      writeFile: (path, bytes) => writeInside(sandbox, path, bytes),
      installedKernels: () => installedKernels(sandbox),
    };
  }
}
