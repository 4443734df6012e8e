import type { ConnectionTarget } from '../contract/connection.ts';
import type { Endpoint } from './endpoint.ts';
import type { SshClient } from './ssh.ts';

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
  readonly #login: (target: ConnectionTarget) => Promise<JumpLogin>;
  readonly #shared = new Map<string, Shared>();

  constructor(login: (target: ConnectionTarget) => Promise<JumpLogin>) {
    this.#login = login;
  }

  /** @throws Unreachable of the jump host */
  async take(target: ConnectionTarget): Promise<JumpLogin> {
    const key = JSON.stringify([target.user, target.address, target.port, target.proxyJump]);
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

  #open(key: string, target: ConnectionTarget): Shared {
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
 * The host to go through next, from `ProxyJump a,b`: the last one, which is itself reached through those before it.
 * It is given the target's keys and known_hosts, never its password.
 */
export function jumpTarget({ proxyJump, target, connectTimeoutMs }: Endpoint): ConnectionTarget | undefined {
  if (proxyJump === undefined) return undefined;
  const path = proxyJump.split(',').map((hop) => hop.trim());
  const hop = path.pop() ?? '';
  const { user, address, port } = parseHop(hop);
  return {
    host: hop,
    kind: 'ssh',
    address,
    hostKeyPolicy: target.hostKeyPolicy,
    connectTimeoutMs,
    ...(user && { user }),
    ...(port && { port: Number(port) }),
    ...(path.length > 0 && { proxyJump: path.join(',') }),
    ...(target.identityFiles && { identityFiles: target.identityFiles }),
    ...(target.passphrase && { passphrase: target.passphrase }),
    ...(target.knownHostsFiles && { knownHostsFiles: target.knownHostsFiles }),
    ...(target.sshConfigFile && { sshConfigFile: target.sshConfigFile }),
    ...jumpArgs(target.sshArgs),
  };
}

/** `[user@]host[:port]`, `[user@][v6]:port`, or the same as an ssh:// URI. */
function parseHop(hop: string) {
  const plain = hop.replace(/^ssh:\/\//, '').replace(/\/$/, '');
  const [, user, v6, name = plain, port] = /^(?:(.*)@)?(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(plain) ?? [];
  return { user, address: v6 ?? name, port };
}

/** `ssh -F file` and `-o UserKnownHostsFile=…` hold for jump hosts too here; the way to the target does not. */
function jumpArgs(args: readonly string[] | undefined): Pick<ConnectionTarget, 'sshArgs'> {
  const kept = args
    ?.join(' ')
    .match(/-F\s*\S+|-o\s*(UserKnownHostsFile|GlobalKnownHostsFile|StrictHostKeyChecking)\s*=\s*\S+/gi);
  return kept ? { sshArgs: kept } : {};
}
