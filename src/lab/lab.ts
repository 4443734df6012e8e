import { mkdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Enclosure, release, startEnclosure } from './enclosure.ts';
import { directory, type VirtualDirectory } from './fuse/tree.ts';
import { SimulatedHost, type Uptime } from './host.ts';
import { keyPair, type KeyPair, writeKnownHosts } from './keys.ts';
import { defaultHosts, type Fault, type HostOptions, type LabOptions } from './options.ts';

export interface LabHost {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly options: HostOptions;
}

/** A running fleet of simulated hosts. */
export interface Lab {
  /** Where its keys, known_hosts and console logs are. */
  readonly directory: string;
  readonly hosts: readonly LabHost[];
  readonly privateKeyPath: string;
  readonly knownHostsPath: string;
  /** Orders a fault. Those of a boot wait for the next one. @throws Error when no host has the name. */
  readonly fault: (host: string, fault: Fault) => Promise<void>;
  /** Takes all faults of a host back, and powers it on if it did not come up. */
  readonly heal: (host: string) => Promise<void>;
  /** Presses the reset button; settles when the host is up again or has failed to boot. */
  readonly reset: (host: string) => Promise<void>;
  readonly isUp: (host: string) => boolean;
  /** When each boot of a host began and ceased to answer. */
  readonly uptimes: (host: string) => readonly Uptime[];
  /** Ends every process, mount and socket of the lab. */
  readonly close: () => Promise<void>;
}

/**
 * Starts a fleet: an SSH server per host, each with a sandboxed copy of this machine's file system and a simulated
 * kernel, PCI bus, boot chain and service manager.
 *
 * @throws Error when the machine does not let it: root, namespaces, overlayfs and /dev/fuse are needed.
 * @example
 * const lab = await startLab({ directory: '.lab' });
 * try { await run('ssh', '-i', lab.privateKeyPath, …) } finally { await lab.close(); }
 */
export async function startLab(options: LabOptions = {}): Promise<Lab> {
  if (process.getuid?.() !== 0) throw new Error('the lab needs root: it makes namespaces, overlay and FUSE mounts');
  const stateDirectory = resolve(options.directory ?? '.lab');
  await mkdir(stateDirectory, { recursive: true, mode: 0o700 });
  const client = await keyPair(join(stateDirectory, 'id_ed25519'), 'tsplay-lab');
  const hosts = await Promise.all(
    (options.hosts ?? defaultHosts).map((host) => prepare(host, options, client, stateDirectory)),
  );
  const trees = new Map(hosts.map((host) => [host.name, host.tree()]));
  const enclosure = await startEnclosure(stateDirectory, rootOf(trees), [...trees.keys()]);
  try {
    await Promise.all(hosts.map((host) => host.start(enclosure)));
    await recordKeys(stateDirectory, hosts);
  } catch (error) {
    await closeAll(hosts, enclosure);
    throw error;
  }
  return labOf(stateDirectory, hosts, enclosure);
}

const rootOf = (trees: ReadonlyMap<string, VirtualDirectory>): VirtualDirectory => directory(Object.fromEntries(trees));

async function prepare(
  options: HostOptions,
  lab: LabOptions,
  client: KeyPair,
  stateDirectory: string,
): Promise<SimulatedHost> {
  const hostKey = await keyPair(join(stateDirectory, `host-key-${options.name}`), options.name);
  const bootMs = lab.bootMs ?? 1500;
  return new SimulatedHost({
    options,
    stateDirectory,
    bootMs,
    clientKey: client.publicKey,
    hostKey,
    interface: await uplink(),
  });
}

/** The interface of the default route, as /proc/net/route has it. */
async function uplink(): Promise<string> {
  const routes = await readFile('/proc/net/route', 'utf8').catch(() => '');
  const fields = routes.split('\n').map((line) => line.split('\t'));
  return fields.find(([, destination]) => destination === '00000000')?.[0] ?? 'eno1';
}

async function recordKeys(stateDirectory: string, hosts: readonly SimulatedHost[]): Promise<void> {
  const known = hosts.map(({ setting, port }) => ({
    address: setting.options.address,
    port,
    publicKey: setting.hostKey.publicKey,
  }));
  await writeKnownHosts(stateDirectory, known);
}

async function closeAll(hosts: readonly SimulatedHost[], enclosure: Enclosure): Promise<void> {
  await Promise.allSettled(hosts.map((host) => host.close()));
  await release(enclosure.holder);
  await enclosure.fuse.finished;
}

function labOf(stateDirectory: string, hosts: readonly SimulatedHost[], enclosure: Enclosure): Lab {
  const named = (name: string): SimulatedHost => {
    const host = hosts.find((each) => each.name === name);
    if (!host) throw new Error(`the lab has no host ${name}`);
    return host;
  };
  let closing: Promise<void> | undefined;
  return {
    directory: stateDirectory,
    hosts: hosts.map(({ name, port, setting: { options } }) => ({ name, address: options.address, port, options })),
    privateKeyPath: join(stateDirectory, 'id_ed25519'),
    knownHostsPath: join(stateDirectory, 'known_hosts'),
    fault: (name, fault) => named(name).order(fault),
    heal: (name) => named(name).heal(),
    reset: (name) => named(name).reboot(),
    isUp: (name) => named(name).isUp,
    uptimes: (name) => named(name).uptimes,
    close: () => (closing ??= closeAll(hosts, enclosure)),
  };
}
