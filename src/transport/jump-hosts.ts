import { Unreachable } from '../contract/connection.ts';
import type { ConnectionTarget } from '../contract/connection.ts';
import type { Endpoint } from './endpoint.ts';
import type { SshClient } from './ssh.ts';
import { splitWords } from './words.ts';

/** A host, or one on the way to it. */
export interface HopTarget extends ConnectionTarget {
  /** Keys of the host behind it, tried after its own. */
  readonly lentKeys?: readonly string[];
  /** The places behind it, as `user@address:port`: a hop that is one of them leads in a circle. */
  readonly leadsTo?: readonly string[];
}

interface JumpLogin {
  readonly client: SshClient;
  readonly release: () => void;
}

interface Shared {
  readonly login: Promise<JumpLogin>;
  users: number;
  idle?: NodeJS.Timeout;
}

/** Milliseconds a jump host's connection is kept for the next host behind it. */
const LINGER_MS = 2000;

/** One connection to each jump host, for all hosts behind it: forwarded streams do not count to MaxSessions. */
export class JumpHosts {
  readonly #login: (target: HopTarget) => Promise<JumpLogin>;
  readonly #shared = new Map<string, Shared>();

  constructor(login: (target: HopTarget) => Promise<JumpLogin>) {
    this.#login = login;
  }

  /** @throws Unreachable of the jump host */
  async take(target: HopTarget): Promise<JumpLogin> {
    // Also by its keys: what this host may not use must not be the end for hosts with another. And by how many hops are
    // behind it, so that none waits for itself.
    const { leadsTo = [], ...way } = target;
    const key = JSON.stringify([leadsTo.length, way]);
    const shared = this.#shared.get(key) ?? this.#open(key, target);
    clearTimeout(shared.idle);
    shared.users += 1;
    const { client } = await shared.login;
    if (!client.isOpen) this.#forget(key, shared);
    return client.isOpen ? { client, release: once(() => this.#leave(key, shared)) } : this.take(target);
  }

  close(): void {
    for (const [key, shared] of this.#shared) this.#end(key, shared);
  }

  #open(key: string, target: HopTarget): Shared {
    const shared: Shared = { login: this.#login(target), users: 0 };
    this.#shared.set(key, shared);
    shared.login.catch(() => this.#forget(key, shared));
    return shared;
  }

  #leave(key: string, shared: Shared): void {
    shared.users -= 1;
    if (shared.users === 0) shared.idle = setTimeout(() => this.#end(key, shared), LINGER_MS);
  }

  #end(key: string, shared: Shared): void {
    this.#forget(key, shared);
    clearTimeout(shared.idle);
    shared.login.then(
      ({ client, release }) => {
        client.end();
        release();
      },
      () => {},
    );
  }

  #forget(key: string, shared: Shared): void {
    if (this.#shared.get(key) === shared) this.#shared.delete(key);
  }
}

function once(action: () => void): () => void {
  let isDone = false;
  return () => {
    if (!isDone) action();
    isDone = true;
  };
}

/**
 * The host to go through next, from `ProxyJump a,b`: the last one, which is itself reached through those before it. Its
 * user, port and keys are its own, as ssh_config(5) has them; the target lends its keys and known_hosts, never its password.
 *
 * @throws Unreachable when the way leads in a circle
 */
export function jumpTarget(endpoint: Endpoint): HopTarget | undefined {
  const { proxyJump, target, connectTimeoutMs } = endpoint;
  if (proxyJump === undefined) return undefined;
  const path = proxyJump.split(',').map((hop) => hop.trim());
  const hop = path.pop() ?? '';
  const { user, address, port } = parseHop(hop);
  const lentKeys = [...(target.identityFiles ?? []), ...(target.lentKeys ?? [])];
  return {
    host: hop,
    kind: 'ssh',
    address,
    hostKeyPolicy: target.hostKeyPolicy,
    connectTimeoutMs,
    leadsTo: placesBehind(endpoint),
    ...(user && { user }),
    ...(port && { port: Number(port) }),
    ...(path.length > 0 && { proxyJump: path.join(',') }),
    ...(lentKeys.length > 0 && { lentKeys }),
    ...(target.passphrase && { passphrase: target.passphrase }),
    ...(target.knownHostsFiles && { knownHostsFiles: target.knownHostsFiles }),
    ...(target.sshConfigFile && { sshConfigFile: target.sshConfigFile }),
    ...jumpArgs(target.sshArgs),
  };
}

/** ssh calls it a jumphost loop: `Host *` with a ProxyJump holds for the jump host too. */
function placesBehind({ host, user, address, port, target: { leadsTo = [] } }: Endpoint): readonly string[] {
  const place = `${user}@${address}:${port}`;
  if (!leadsTo.includes(place)) return [...leadsTo, place];
  throw new Unreachable(
    'configuration',
    `${host}: its ProxyJump leads in a circle, by way of itself; leave jump hosts out (Host * !${host}, or ProxyJump none)`,
  );
}

/** `[user@]host[:port]`, `[user@][v6]:port`, or the same as an ssh:// URI. */
function parseHop(hop: string) {
  const plain = hop.replace(/^ssh:\/\//, '').replace(/\/$/, '');
  const [, user, v6, name = plain, port] = /^(?:(.*)@)?(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(plain) ?? [];
  return { user, address: v6 ?? name, port };
}

const FOR_EVERY_HOP = /^(UserKnownHostsFile|GlobalKnownHostsFile|StrictHostKeyChecking)\s*[=\s]/i;

/** `ssh -F file` and `-o UserKnownHostsFile=…` hold for jump hosts too here; the way to the target does not. */
function jumpArgs(args: readonly string[] = []): Pick<ConnectionTarget, 'sshArgs'> {
  const words = args.flatMap(splitWords);
  const kept = words.flatMap((word, index) => {
    const flag = word.slice(0, 2);
    const value = word.slice(2) || (words[index + 1] ?? '');
    return flag === '-F' || (flag === '-o' && FOR_EVERY_HOP.test(value)) ? [`${flag} ${JSON.stringify(value)}`] : [];
  });
  return kept.length > 0 ? { sshArgs: kept } : {};
}
