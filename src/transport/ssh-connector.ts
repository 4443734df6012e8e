import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

import { Unreachable } from '../contract/connection.ts';
import type { ConnectionTarget } from '../contract/connection.ts';
import { Deadline } from './deadline.ts';
import { DialFailure, dialCommand, dialTcp, proxyFailure } from './dial.ts';
import type { DialledCommand } from './dial.ts';
import { resolveEndpoint } from './endpoint.ts';
import type { Endpoint } from './endpoint.ts';
import { HandshakeThrottle } from './handshake-throttle.ts';
import { HostKeyCheck } from './host-key-check.ts';
import { IdentityFiles } from './identities.ts';
import { printable } from './printable.ts';
import { JumpHosts, jumpTarget } from './jump-hosts.ts';
import { KnownHostsFiles } from './known-hosts.ts';
import { parsePrivateKey, SshClient } from './ssh.ts';
import { SshFailure } from './ssh-failure.ts';

export interface SshOptions {
  /** Milliseconds between keepalives while nothing else is heard. Default 15000. */
  readonly keepaliveMs?: number;
  /** Unanswered keepalives after which a host is lost. Default 3. */
  readonly keepaliveCount?: number;
  /** Handshakes going on at once. Default 32 in all, 8 to one address. */
  readonly handshakes?: number;
  readonly handshakesPerAddress?: number;
}

export interface Login {
  readonly client: SshClient;
  readonly endpoint: Endpoint;
  /** Gives back what the connection stands on. */
  readonly release: () => void;
}

/** Tries again when a server hangs up before looking at us; milliseconds of the first pause, doubled each time. */
const ATTEMPTS = 10;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2000;

/** Makes authenticated SSH connections; shares parsed files, jump hosts and the handshake throttle among them. */
export class SshConnector {
  readonly #options: SshOptions;
  readonly #throttle: HandshakeThrottle;
  readonly #knownHosts = new KnownHostsFiles();
  readonly #identities = new IdentityFiles(parsePrivateKey);
  readonly #jumpHosts = new JumpHosts((target) => this.login(target));

  constructor(options: SshOptions) {
    this.#options = options;
    this.#throttle = new HandshakeThrottle(options.handshakes ?? 32, options.handshakesPerAddress ?? 8);
  }

  /** @throws Unreachable */
  async login(target: ConnectionTarget): Promise<Login> {
    const endpoint = await resolveEndpoint(target);
    let paused = 0;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#attempt(endpoint);
      } catch (error) {
        const isTransient = (error instanceof SshFailure || error instanceof DialFailure) && error.isTransient;
        if (!isTransient || attempt === ATTEMPTS || paused > endpoint.connectTimeoutMs) throw error;
        const pause = Math.min(FIRST_PAUSE_MS * 2 ** attempt, LONGEST_PAUSE_MS) * (0.5 + Math.random());
        paused += pause;
        await sleep(pause);
      }
    }
  }

  close(): void {
    this.#jumpHosts.close();
  }

  async #attempt(endpoint: Endpoint): Promise<Login> {
    if (endpoint.proxyCommand !== undefined) return this.#throughCommand(endpoint, endpoint.proxyCommand);
    const next = jumpTarget(endpoint);
    if (next !== undefined) return this.#throughJumpHost(endpoint, next);
    return this.#handshake(endpoint, (deadline) => dialTcp(endpoint, deadline));
  }

  async #throughCommand(endpoint: Endpoint, command: string): Promise<Login> {
    let dialled: DialledCommand | undefined;
    const dial = async (): Promise<Duplex> => (dialled = dialCommand(command)).stream;
    return this.#handshake(endpoint, dial).catch(async (error: unknown) => {
      const said = await dialled?.said();
      throw isHungUp(error) ? proxyFailure(endpoint, `ProxyCommand \`${printable(command)}\``, said || error) : error;
    });
  }

  async #throughJumpHost(endpoint: Endpoint, next: ConnectionTarget): Promise<Login> {
    const proxy = `jump host ${next.host}`;
    const asProxyFailure = (error: unknown): never => {
      throw proxyFailure(endpoint, proxy, error);
    };
    const jump = await this.#jumpHosts.take(next).catch(asProxyFailure);
    const dial = (deadline: Deadline): Promise<Duplex> =>
      jump.client.forward(endpoint.address, endpoint.port, deadline).catch(asProxyFailure);
    try {
      return { ...(await this.#handshake(endpoint, dial)), release: jump.release };
    } catch (error) {
      jump.release();
      throw error;
    }
  }

  #handshake(endpoint: Endpoint, dial: (deadline: Deadline) => Promise<Duplex>): Promise<Login> {
    return this.#throttle.run(`${endpoint.address}:${endpoint.port}`, async () => {
      const deadline = new Deadline(endpoint.connectTimeoutMs);
      const hostKey = new HostKeyCheck(endpoint, this.#knownHosts);
      const identities = this.#identities.load(endpoint.identityFiles, endpoint.target.passphrase);
      requireSomeLogin(endpoint, identities);
      const stream = await dial(deadline);
      const login = { endpoint, stream, hostKey, identities, ...this.#keepalive(endpoint) };
      return { client: await SshClient.login(login, deadline), endpoint, release: () => {} };
    });
  }

  #keepalive({ keepaliveMs, keepaliveCount }: Endpoint) {
    return {
      keepaliveMs: keepaliveMs ?? this.#options.keepaliveMs ?? 15_000,
      keepaliveCount: keepaliveCount ?? this.#options.keepaliveCount ?? 3,
    };
  }
}

function requireSomeLogin(
  endpoint: Endpoint,
  identities: { readonly keys: readonly unknown[]; readonly notes: readonly string[] },
): void {
  if (identities.keys.length > 0 || endpoint.agent !== undefined || endpoint.target.password !== undefined) return;
  const why = identities.notes.join(', ') || 'no key file is configured';
  const wayOut = 'name a key with --private-key or ansible_ssh_private_key_file, start an agent, or give --ask-pass';
  throw new Unreachable(
    'auth',
    `${endpoint.host}: nothing to log in with: ${why}; there is no ssh agent, and no password was given; ${wayOut}`,
  );
}

function isHungUp(error: unknown): boolean {
  return error instanceof SshFailure && error.isTransient;
}
