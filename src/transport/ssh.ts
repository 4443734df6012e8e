import type { Duplex } from 'node:stream';

import ssh2 from 'ssh2';
import type { AnyAuthMethod, Client, ClientChannel, ConnectConfig, ParsedKey } from 'ssh2';

import { AgentKeys, publicHalves } from './agent-keys.ts';
import type { Deadline } from './deadline.ts';
import { waitFor } from './deadline.ts';
import type { Endpoint } from './endpoint.ts';
import type { HostKeyCheck } from './host-key-check.ts';
import type { Identities, ParseKey } from './identities.ts';
import { ChannelRefused } from './shell-channel.ts';
import type { ChannelEnd, ShellChannel } from './shell-channel.ts';
import { SshFailure } from './ssh-failure.ts';
import type { SshStage } from './ssh-failure.ts';
import { keepPreparedKeys, leaveHostKeysUnproved, signAtOnce } from './ssh2-internals.ts';

/** No diffie-hellman-group-exchange: checking the server's prime blocks this process for two seconds. */
const KEX = [
  'curve25519-sha256',
  'curve25519-sha256@libssh.org',
  'ecdh-sha2-nistp256',
  'ecdh-sha2-nistp384',
  'ecdh-sha2-nistp521',
  'diffie-hellman-group14-sha256',
  'diffie-hellman-group16-sha512',
] as const;

const LATE_REASON_MS = 50;

const HOST_KEY_ALGORITHMS = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
];

export const parsePrivateKey: ParseKey<ParsedKey> = (text, passphrase) => {
  const parsed = ssh2.utils.parseKey(text, passphrase);
  if (parsed instanceof Error) return parsed;
  const key: ParsedKey | undefined = Array.isArray(parsed) ? parsed[0] : parsed;
  return key?.isPrivateKey() ? key : new Error('it holds no private key');
};

export interface SshLogin {
  readonly endpoint: Endpoint;
  /** A connected stream: TCP, a forwarded channel, or a proxy command. */
  readonly stream: Duplex;
  readonly hostKey: HostKeyCheck;
  readonly identities: Identities<ParsedKey>;
  /** Milliseconds between keepalives, and how many may stay unanswered. */
  readonly keepaliveMs: number;
  readonly keepaliveCount: number;
}

/** An authenticated SSH connection. */
export class SshClient {
  readonly host: string;
  readonly ended: Promise<Error | undefined>;
  #isOpen = true;
  readonly #client: Client;

  private constructor(client: Client, { host, proxyJump }: Endpoint) {
    this.#client = client;
    this.host = host;
    const viaJump =
      proxyJump === undefined ? undefined : new Error(`the connection through jump host ${proxyJump} was closed`);
    this.ended = new Promise((resolve) => {
      let last: Error | undefined;
      client.on('error', (error) => {
        last = error;
      });
      client.once('close', () => {
        this.#isOpen = false;
        resolve(last ?? viaJump);
      });
    });
  }

  /** @throws SshFailure with the stage that was reached */
  static async login(login: SshLogin, deadline: Deadline): Promise<SshClient> {
    const client = new ssh2.Client();
    const attempt = new LoginAttempt(client, login);
    const outcome = await waitFor(attempt.ready, deadline.left).catch((error: unknown) => error);
    if (typeof outcome === 'object' && outcome !== null && 'value' in outcome)
      return new SshClient(client, login.endpoint);
    client.on('error', () => {}).destroy();
    login.stream.destroy();
    throw attempt.failure(outcome === 'deadline' ? new Error('no answer in time') : outcome);
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** @throws ChannelRefused; an Error when the connection is gone */
  async exec(line: string, deadline: Deadline): Promise<ShellChannel> {
    // A command that fails at once may have ended in the packet that says it was started: its end is listened for here.
    const opened = new Promise<{ readonly channel: ClientChannel; readonly ended: Promise<ChannelEnd> }>(
      (resolve, reject) => {
        this.#client.exec(line, (error, channel) =>
          error ? reject(this.#refusal(error)) : resolve({ channel, ended: this.#channelEnd(channel) }),
        );
      },
    );
    const { channel, ended } = await this.#bounded(opened, deadline);
    return {
      stdin: channel,
      stdout: channel,
      stderr: channel.stderr,
      ended,
      destroy: () => this.#abandon(channel),
    };
  }

  /** A stream to a port that the server reaches. */
  async forward(address: string, port: number, deadline: Deadline): Promise<Duplex> {
    const opened = new Promise<Duplex>((resolve, reject) => {
      this.#client.forwardOut('127.0.0.1', 0, address, port, (error, channel) =>
        error ? reject(error) : resolve(channel),
      );
    });
    return this.#bounded(opened, deadline);
  }

  end(): void {
    this.#client.end();
    // A peer that is gone never answers; the socket would keep the program alive.
    setTimeout(() => this.#client.destroy(), 500).unref();
  }

  async #bounded<T>(opened: Promise<T>, deadline: Deadline): Promise<T> {
    const broken = this.ended.then((error) => {
      throw error ?? new Error('the connection was closed');
    });
    const outcome = await waitFor(Promise.race([opened, broken]), deadline.left);
    if (typeof outcome === 'object') return outcome.value;
    throw new Error('the server did not answer in time');
  }

  #refusal(error: Error): Error {
    return /channel open failure/i.test(error.message) ? new ChannelRefused(this.host, error) : error;
  }

  #channelEnd(channel: ClientChannel): Promise<ChannelEnd> {
    return new Promise((resolve) => {
      let end: ChannelEnd = {};
      channel.on('exit', (code: number | null, signal?: string) => {
        end = code === null ? { signal: signal ?? 'unknown' } : { code };
      });
      // Channels close before the connection that took them along says why.
      channel.once('close', () => (isKnown(end) ? resolve(end) : setTimeout(() => resolve(end), LATE_REASON_MS)));
      void this.ended.then((error) => resolve(error ? { error } : {}));
    });
  }

  /** ssh2 keeps a closed channel until the server agrees; its streams must not fill up meanwhile. */
  #abandon(channel: ClientChannel): void {
    if (this.#isOpen) channel.close();
    channel.resume();
    channel.stderr.resume();
  }
}

function isKnown({ code, signal }: ChannelEnd): boolean {
  return code !== undefined || signal !== undefined;
}

/** One try to log in, and how far it came. */
class LoginAttempt {
  readonly ready: Promise<void>;
  readonly #login: SshLogin;
  readonly #tried: string[] = [];
  readonly #methods: AnyAuthMethod[];
  #accepted: readonly string[] = [];
  #stage: SshStage = 'greeting';

  constructor(client: Client, login: SshLogin) {
    this.#login = login;
    this.#methods = [...authMethods(login)];
    this.ready = new Promise((resolve, reject) => {
      client.once('ready', resolve);
      client.once('close', () => reject(new Error('the server closed the connection')));
      // An agent that cannot be asked is one failed method, not the end.
      client.on('error', (error: Error & { level?: string }) => (error.level === 'agent' ? undefined : reject(error)));
      client.on('handshake', () => {
        this.#stage = 'auth';
        keepPreparedKeys(client);
      });
      client.connect(this.#config());
      leaveHostKeysUnproved(client);
      signAtOnce(client);
    });
  }

  failure(cause: unknown): SshFailure {
    const { endpoint, identities, hostKey } = this.#login;
    const { refusal } = hostKey;
    return new SshFailure(
      endpoint,
      { stage: this.#stage, tried: this.#tried, accepted: this.#accepted, notes: identities.notes, refusal },
      cause,
    );
  }

  #config(): ConnectConfig {
    const { endpoint, stream, hostKey, keepaliveMs, keepaliveCount } = this.#login;
    return {
      sock: stream,
      username: endpoint.user,
      readyTimeout: 0,
      keepaliveInterval: keepaliveMs,
      keepaliveCountMax: keepaliveCount,
      algorithms: {
        kex: [...KEX],
        serverHostKey: hostKey.order(HOST_KEY_ALGORITHMS) as NonNullable<ConnectConfig['algorithms']>['serverHostKey'],
      },
      hostVerifier: (key: Buffer) => hostKey.accepts(key),
      authHandler: (accepted: readonly string[] | null) => this.#nextMethod(accepted),
    } as ConnectConfig; // The types miss that a handler may return its choice, and that `accepted` is null at first.
  }

  /** Keys first; a password only when one was given, once, and only where the server takes it. */
  #nextMethod(accepted: readonly string[] | null): AnyAuthMethod | false {
    if (accepted !== null) this.#accepted = accepted;
    const [method] = this.#methods;
    if (method === undefined) return false;
    // What the server takes must be known first: a password goes out once, by the one method that is asked for.
    if (accepted === null && isByPassword(method)) return { type: 'none', username: method.username };
    this.#methods.shift();
    if (accepted !== null && !accepted.includes(method.type === 'agent' ? 'publickey' : method.type))
      return this.#nextMethod(accepted);
    if (isByPassword(method)) this.#methods.length = 0;
    this.#tried.push(describeMethod(method, this.#login));
    return method;
  }
}

function* authMethods({ endpoint, identities }: SshLogin): Generator<AnyAuthMethod> {
  const username = endpoint.user;
  for (const { key } of identities.keys) yield { type: 'publickey', username, key };
  if (endpoint.agent !== undefined)
    yield { type: 'agent', username, agent: agentKeys(endpoint.agent, endpoint, identities) };
  const password = endpoint.target.password?.reveal();
  if (password === undefined) return;
  yield { type: 'password', username, password };
  let isAsked = false;
  yield {
    type: 'keyboard-interactive',
    username,
    prompt: (_name, _instructions, _lang, prompts, finish) => {
      // One hidden question is the password; anything else (a code, a new password) is not ours to answer.
      const isPassword = !isAsked && prompts.length === 1 && prompts[0]?.echo === false;
      isAsked ||= prompts.length > 0;
      finish(isPassword ? [password] : prompts.map(() => ''));
    },
  };
}

function agentKeys(
  socket: string,
  { identityFiles, isOnlyNamedKeys }: Endpoint,
  { keys }: Identities<ParsedKey>,
): AgentKeys {
  const own = keys.map(({ key }) => key.getPublicSSH().toString('base64'));
  return new AgentKeys(socket, new Set([...own, ...publicHalves(identityFiles)]), isOnlyNamedKeys);
}

function isByPassword(method: AnyAuthMethod): boolean {
  return method.type === 'password' || method.type === 'keyboard-interactive';
}

function describeMethod(method: AnyAuthMethod, { identities }: SshLogin): string {
  if (method.type === 'publickey') return identities.keys.find(({ key }) => key === method.key)?.file ?? 'a key';
  return method.type === 'agent' ? 'the keys of the ssh agent' : method.type;
}
