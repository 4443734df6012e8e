import { randomBytes, randomUUID } from 'node:crypto';
import { appendFile } from 'node:fs/promises';
import { readdir } from 'node:fs/promises';
import { release } from 'node:os';
import { join } from 'node:path';
import { bootKernel, configDirectories, type Machine } from './boot/boot.ts';
import type { Enclosure } from './enclosure.ts';
import { directory, attribute, FileError, type VirtualDirectory } from './fuse/tree.ts';
import { dumpScript, parseDump } from './host-files.ts';
import { installScript } from './install/install.ts';
import { servicesOf } from './install/system-files.ts';
import { functionsOf } from './kernel/cards.ts';
import { usuallyBuiltin } from './kernel/catalog.ts';
import { SimulatedKernel } from './kernel/kernel.ts';
import { type ConfigFiles, modprobeDirectories } from './kernel/modprobe-config.ts';
import { procTree } from './kernel/proc.ts';
import { procIomem, procModules, sysfs } from './kernel/sysfs.ts';
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
import { Units } from './units.ts';

export interface HostSetting {
  readonly options: HostOptions;
  readonly stateDirectory: string;
  readonly bootMs: number;
  readonly clientKey: string;
  readonly hostKey: KeyPair;
  /** The machine's interface that carries the traffic; the simulated NIC behind it has its name. */
  readonly interface: string;
}

// An older kernel stands beside the running one, whose version uname shows and nobody can simulate.
const olderKernel = '5.10.0-30-amd64';
const users = ['root', 'operator'] as const;
const blankKernel = new SimulatedKernel({ functions: [], iommu: false, cmdline: '', builtin: [] });

/** One simulated server over all its boots. */
export class SimulatedHost {
  readonly setting: HostSetting;
  readonly #machine: Machine;
  readonly #hung = new Set<(error: Error) => void>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #enclosure: Enclosure | undefined;
  #faults: readonly Fault[];
  #sandbox: Sandbox | undefined;
  #door: SshDoor | undefined;
  #kernel = blankKernel;
  #units = new Units(async () => new Map());
  #hostKey: string;
  #bootId = '';
  #bootedAt = 0;
  #port: number;
  #transition: Promise<void> = Promise.resolve();
  #closed = false;
  readonly productUuid = randomUUID();

  constructor(setting: HostSetting) {
    const { options } = setting;
    this.setting = setting;
    this.#port = options.port;
    this.#hostKey = setting.hostKey.privateKey;
    this.#faults = options.faults ?? [];
    this.#machine = {
      functions: functionsOf({ cards: options.cards, interface: setting.interface }),
      cpu: options.cpu,
      firmwareIommu: options.firmwareIommu ?? true,
      builtin: options.builtin ?? [],
    };
  }

  get name(): string {
    return this.setting.options.name;
  }

  get port(): number {
    return this.#port;
  }

  get bootId(): string {
    return this.#bootId;
  }

  get isUp(): boolean {
    return this.#door !== undefined;
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
        uptime: () => `${((performance.now() - this.#bootedAt) / 1000).toFixed(2)} 0.00`,
        real: () => readdir(`${this.#sandbox?.root}/dev/.proc`),
      }),
      sys: sysfs({
        kernel: () => this.#kernel,
        firmwareTable: this.#machine.firmwareIommu ? table : undefined,
        productUuid: this.productUuid,
        beforeUnbind: (bdf) => this.#beforeUnbind(bdf),
      }),
    });
  }

  /** Installs the host and boots it for the first time. */
  async start(enclosure: Enclosure): Promise<void> {
    this.#enclosure = enclosure;
    const sandbox = await startSandbox(enclosure, this.name);
    this.#sandbox = sandbox;
    const builtin = [...usuallyBuiltin, ...this.#machine.builtin];
    const versions = [release(), olderKernel];
    const identity = { machineId: randomBytes(16).toString('hex'), rootUuid: randomUUID() };
    const { code, err } = await runInside(
      sandbox,
      installScript(this.setting.options, identity, { versions, builtin }),
    );
    if (code !== 0) throw new Error(`${this.name} could not be installed: ${err.trim()}`);
    this.#kernel = new SimulatedKernel({ functions: [], iommu: false, cmdline: '', builtin });
    const image = await imageFor(this.#toolHost(), release());
    await writeInside(sandbox, `/boot/initrd.img-${release()}`, image);
    await writeInside(sandbox, `/boot/initrd.img-${olderKernel}`, await imageFor(this.#toolHost(), olderKernel));
    const grub = await runInside(sandbox, 'update-grub');
    if (grub.code !== 0) throw new Error(`${this.name} has no boot menu: ${grub.err.trim()}`);
    await this.#boot();
    await this.#applyStanding();
  }

  order(fault: Fault): Promise<void> {
    this.#faults = [...this.#faults, fault];
    return this.#applyStanding();
  }

  /** Takes every fault back and, when the host has not come up, powers it on again. */
  async heal(): Promise<void> {
    this.#faults = [];
    for (const reject of this.#hung) reject(new FileError('ENODEV'));
    await this.#transition;
    if (this.#sandbox) await runInside(this.#sandbox, 'rm -f /boot/.filled');
    else await this.#serialize(() => this.#powerOn());
  }

  async #applyStanding(): Promise<void> {
    if (!this.#sandbox || !this.#has('full-boot')) return;
    await runInside(
      this.#sandbox,
      'dd if=/dev/zero of=/boot/.filled bs=64k 2>/dev/null; dd if=/dev/zero bs=1 >> /boot/.filled 2>/dev/null; true',
    );
  }

  #has(kind: Fault['kind']): boolean {
    return this.#faults.some((fault) => fault.kind === kind);
  }

  #take<Kind extends Fault['kind']>(kind: Kind): Extract<Fault, { kind: Kind }> | undefined {
    const found = this.#faults.find((fault): fault is Extract<Fault, { kind: Kind }> => fault.kind === kind);
    this.#faults = this.#faults.filter((fault) => fault !== found);
    return found;
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

  #serialize(step: () => Promise<void>): Promise<void> {
    const next = this.#transition.then(step);
    this.#transition = next.catch((error: Error) => this.#console(`lab: ${error.message}`));
    return this.#transition;
  }

  /** Resolves when the host is up again, or when it is clear that it never will be. */
  reboot(): Promise<void> {
    if (this.#has('same-boot-id')) return Promise.resolve();
    return this.#serialize(async () => {
      await this.#goDown();
      if (this.#closed) return;
      await new Promise((resolve) => setTimeout(resolve, this.setting.bootMs));
      if (!this.#closed) await this.#powerOn();
    });
  }

  async #powerOn(): Promise<void> {
    if (this.#has('never-returns') || !this.#enclosure) return;
    this.#sandbox = await startSandbox(this.#enclosure, this.name);
    if (this.#take('new-host-key')) this.#hostKey = newKeyPair(this.name).privateKey;
    if (this.#take('wrong-machine-id')) await this.#changeMachineId(this.#sandbox);
    const again = this.#take('second-reboot');
    await this.#boot();
    if (again) this.#after(again.afterMs, () => void this.reboot());
  }

  async #changeMachineId(sandbox: Sandbox): Promise<void> {
    await runInside(sandbox, 'rm -f /etc/machine-id; printf "%s\\n" "$1" > /etc/machine-id', [
      randomBytes(16).toString('hex'),
    ]);
  }

  async #boot(): Promise<void> {
    const sandbox = this.#sandbox;
    if (!sandbox) return;
    this.#bootId = randomUUID();
    this.#bootedAt = performance.now();
    try {
      const config = await this.#files([...modprobeDirectories, ...configDirectories]);
      this.#kernel = await bootKernel(this.#machine, { config, file: (path) => readInside(sandbox, path) });
    } catch (error) {
      await this.#console((error as Error).message);
      return this.#goDown();
    }
    await runInside(sandbox, 'mkdir -p /run/systemd/system; hostname=$(cat /etc/hostname); : "$hostname"');
    await this.#startServices();
    await this.#open();
  }

  async #startServices(): Promise<void> {
    this.#units = new Units((paths) => this.#files(paths));
    const wants = '/etc/systemd/system/multi-user.target.wants';
    const enabled = [...(await this.#files([wants])).keys()].map((path) => path.slice(wants.length + 1));
    const known = servicesOf(this.setting.options);
    for (const unit of enabled.filter((name) => known.includes(name) || !name.includes('/')))
      await this.#units.start(unit);
  }

  async #open(): Promise<void> {
    this.#door = await openDoor({
      address: this.setting.options.address,
      port: this.#port,
      hostKey: this.#hostKey,
      clientKey: this.setting.clientKey,
      users,
      spawn: (request) => this.#spawn(request),
      faults: () => this.#faults,
    });
    this.#port = this.#door.port;
  }

  #spawn(request: ChannelRequest): Spawned {
    if (!this.#sandbox) throw new Error(`${this.name} is down`);
    const fault = this.#faults.find((each) => each.kind === 'noise');
    return { child: enter(this.#sandbox, loginEntry(request)), noise: fault ? (fault.text ?? noiseText) : undefined };
  }

  async #goDown(): Promise<void> {
    this.#cancelTimers();
    const [door, sandbox] = [this.#door, this.#sandbox];
    this.#door = undefined;
    this.#sandbox = undefined;
    await door?.close();
    // A process in an unanswered write cannot be killed, and its pid namespace would wait for it.
    for (const reject of this.#hung) reject(new FileError('ENODEV'));
    if (sandbox) await stopSandbox(sandbox);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#transition;
    await this.#goDown();
  }

  async #beforeUnbind(bdf: string): Promise<void> {
    const hangs = this.#faults.some((fault) => fault.kind === 'hang-unbind' && (fault.bdf ?? bdf) === bdf);
    if (!hangs) return;
    let reject: (error: Error) => void = () => {};
    const answer = new Promise<never>((_, refuse) => {
      reject = refuse;
    });
    this.#hung.add(reject);
    await answer.finally(() => this.#hung.delete(reject));
  }

  async #console(line: string): Promise<void> {
    await appendFile(join(this.setting.stateDirectory, `console-${this.name}.log`), `${line}\n`).catch(() => {});
  }

  async #files(paths: readonly string[]): Promise<ConfigFiles> {
    if (!this.#sandbox || paths.length === 0) return new Map();
    return parseDump((await runInside(this.#sandbox, dumpScript, paths)).out);
  }

  #toolHost(): ToolHost {
    const sandbox = this.#sandbox;
    if (!sandbox) throw new FileError('EIO');
    return {
      kernel: this.#kernel,
      version: release(),
      units: this.#units,
      files: (paths) => this.#files(paths),
      reboot: (inMs) => this.#after(inMs, () => void this.reboot()),
      cancelReboot: () => this.#cancelTimers(),
      later: (inMs, argv) => this.#after(inMs, () => void enter(sandbox, { argv, env: rootEnv }).on('error', () => {})),
      readFile: (path) => readInside(sandbox, path),
      writeFile: (path, bytes) => writeInside(sandbox, path, bytes),
      installedKernels: () => installedKernels(sandbox),
    };
  }
}

async function installedKernels(sandbox: Sandbox): Promise<readonly string[]> {
  const { out } = await runInside(
    sandbox,
    'for k in /boot/vmlinuz-*; do [ -f "$k" ] && echo "${k#/boot/vmlinuz-}"; done | sort -rV',
  );
  return out.toString().split('\n').filter(Boolean);
}
