import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { GenericContainer, type StartedTestContainer } from 'testcontainers';
import { type Engine, openEngine } from './docker/engine.ts';
import { buildImage } from './docker/image.ts';
import { makeKey } from './sshd.ts';

export { buildImage } from './docker/image.ts';

export interface ContainerOptions {
  /** Mounted in memory, e.g. `{ '/boot': 'size=8m' }`. */
  readonly tmpfs?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  /** The root file system as an immutable system has it; `/run` and `/tmp` stay writable. */
  readonly hasReadOnlyRoot?: boolean;
  readonly hostname?: string;
  /** systemd as the first program, with every unit of the image that can run in a container. */
  readonly hasSystemd?: boolean;
  /** Directories of this machine by place in the container, read-only: `{ '/sys': '/tmp/tree' }`. */
  readonly binds?: Readonly<Record<string, string>>;
  /** e.g. `['SYS_ADMIN']`. */
  readonly capabilities?: readonly string[];
  /** Words in place of sshd, for an image whose first program is another. */
  readonly command?: readonly string[];
  /** How long sshd may take to answer. Default 30 s. */
  readonly startMs?: number;
}

/** A host in a container, reached as any other host is: by address, over SSH. */
export interface Container extends AsyncDisposable {
  /** The container's name and hostname. */
  readonly name: string;
  readonly address: string;
  readonly port: number;
  /** Private key that may log in as any user of the image (`root`, `ops`). */
  readonly identityFile: string;
  readonly knownHostsFile: string;
  /** Runs a program as root beside SSH, for tests to look with eyes of their own. */
  exec(argv: readonly string[]): Promise<{ readonly code: number; readonly output: string }>;
  /** What a program prints. Rejects when it fails. */
  look(argv: readonly string[]): Promise<string>;
  /** Inventory variables with which tsplay reaches it. */
  readonly vars: Readonly<Record<string, unknown>>;
  /**
   * Kills everything that runs and starts the host again, with its disk as it was left and its memory lost. What was
   * written but not flushed survives, which it would not in a machine.
   * @returns the same host, perhaps at another address
   */
  cutPower(): Promise<Container>;
  stop(): Promise<void>;
}

/**
 * Builds the image of docker/<image> where it is not there yet, and starts a container from it. Whoever starts one stops
 * it; one that was forgotten, or whose test was killed, is removed with its test's program.
 *
 * Rejects when no engine can be had, when the image cannot be built, and when sshd does not answer.
 *
 * @example
 * await using host = await startContainer('debian-boot');
 * await play(playbook, { inventory: [inventoryOf({ h1: host })] });
 */
export async function startContainer(image: string, options: ContainerOptions = {}): Promise<Container> {
  const engine = await openEngine();
  const tag = await buildImage(image);
  const directory = mkdtempSync(join(tmpdir(), 'tsplay-container-'));
  const identityFile = makeKey(directory, 'key', 'ed25519');
  const started = await described(tag, options, readFileSync(`${identityFile}.pub`, 'utf8').trim()).start();
  engine.own(started.getId());
  let stopped: Promise<void> | undefined;
  const stop = () => (stopped ??= stopContainer(engine, started, directory));
  return reach({ started, directory, identityFile, startMs: options.startMs ?? 30_000, stop });
}

interface Running {
  readonly started: StartedTestContainer;
  readonly directory: string;
  readonly identityFile: string;
  readonly startMs: number;
  readonly stop: () => Promise<void>;
}

async function reach(running: Running): Promise<Container> {
  const { started, directory, identityFile, stop } = running;
  const address = started.getIpAddress('bridge');
  const knownHostsFile = join(directory, 'known_hosts');
  const look = (argv: readonly string[]) => lookInto(started, argv);
  try {
    await answering(running, address);
    writeFileSync(knownHostsFile, `${address} ${await look(['cat', '/run/host/key.pub'])}`);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    name: started.getName().replace('/', ''),
    address,
    port: 22,
    identityFile,
    knownHostsFile,
    exec: async (argv) => {
      const { exitCode, output } = await started.exec([...argv]);
      return { code: exitCode, output };
    },
    look,
    vars: {
      ansible_host: address,
      ansible_user: 'root',
      ansible_ssh_private_key_file: identityFile,
      ansible_ssh_common_args: `-o UserKnownHostsFile=${knownHostsFile}`,
    },
    cutPower: async () => {
      await started.restart({ timeout: 0 });
      return reach(running);
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** An inventory of containers, all in one group, as a file beside the first one's key. */
export function inventoryOf(
  hosts: Readonly<Record<string, Container>>,
  vars: Readonly<Record<string, unknown>> = {},
  group = 'containers',
): string {
  const [first] = Object.values(hosts);
  if (!first) throw new Error('an inventory of no containers');
  const path = join(dirname(first.identityFile), `inventory-${randomUUID()}.yaml`);
  const entries = Object.entries(hosts).map(([name, container]) => [name, container.vars]);
  const children = { [group]: { hosts: Object.fromEntries(entries) } };
  writeFileSync(path, JSON.stringify({ all: { vars, children } }));
  return path;
}

class HostContainer extends GenericContainer {
  // The settings of the engine's that testcontainers has no methods for.
  withReadOnlyRoot(): this {
    this.hostConfig.ReadonlyRootfs = true;
    return this;
  }

  /** The engine would lay something empty over /sys/firmware. */
  withNothingMasked(): this {
    Object.assign(this.hostConfig, { MaskedPaths: [], ReadonlyPaths: [] });
    return this;
  }

  withOwnControlGroups(): this {
    Object.assign(this.hostConfig, { CgroupnsMode: 'private' });
    return this;
  }
}

function described(tag: string, options: ContainerOptions, key: string): GenericContainer {
  const { hasReadOnlyRoot = false, hasSystemd = false, capabilities = [], binds = {} } = options;
  const container = new HostContainer(tag)
    .withEnvironment({ ...options.env, AUTHORIZED_KEY: key })
    .withTmpFs({ ...(hasReadOnlyRoot || hasSystemd ? WRITABLE : {}), ...options.tmpfs })
    .withBindMounts(Object.entries(binds).map(([target, source]) => ({ source, target, mode: 'ro' as const })))
    .withAddedCapabilities(...capabilities, ...(hasSystemd ? ['SYS_ADMIN'] : []))
    .withStartupTimeout(options.startMs ?? 30_000);
  if (hasReadOnlyRoot) container.withReadOnlyRoot();
  if ('/sys' in binds) container.withNothingMasked();
  if (options.hostname !== undefined) container.withHostname(options.hostname);
  if (options.command) container.withCommand([...options.command]);
  return hasSystemd ? withSystemd(container) : container;
}

const WRITABLE = { '/run': 'mode=755,exec', '/tmp': 'mode=1777,exec' };

/** systemd(1) wants control groups of its own and mounts a few file systems; see start-host for its side. */
function withSystemd(container: HostContainer): GenericContainer {
  return container
    .withOwnControlGroups()
    .withSecurityOpt('seccomp=unconfined', 'apparmor=unconfined')
    .withCommand(['/sbin/init']);
}

async function lookInto(started: StartedTestContainer, argv: readonly string[]): Promise<string> {
  const { exitCode, stdout, output } = await started.exec([...argv]);
  if (exitCode !== 0) throw new Error(`${argv.join(' ')}: exit status ${exitCode}: ${output}`);
  return stdout;
}

async function answering({ started, startMs }: Running, address: string): Promise<void> {
  for (const end = performance.now() + startMs; performance.now() < end; await sleep(50))
    if (await greets(address)) return;
  const logs = await started.logs();
  const said = await Array.fromAsync(logs.setEncoding('utf8').iterator({ destroyOnReturn: true }));
  throw new Error(`sshd in ${started.getName()} does not answer on ${address}:22: ${said.join('').slice(-2000)}`);
}

/** An SSH server speaks first (RFC 4253, 4.2). */
function greets(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port: 22, timeout: 1000 });
    const end = (isGreeted: boolean) => {
      socket.destroy();
      resolve(isGreeted);
    };
    socket.once('data', (chunk: Buffer) => end(chunk.toString('latin1').startsWith('SSH-')));
    socket.once('error', () => end(false)).once('timeout', () => end(false));
  });
}

async function stopContainer(engine: Engine, started: StartedTestContainer, directory: string): Promise<void> {
  await started.stop({ timeout: 0, remove: true, removeVolumes: true });
  engine.disown(started.getId());
  rmSync(directory, { recursive: true, force: true });
}
