import { once } from 'node:events';
import { type AddressInfo, createServer, type Server as TcpServer, type Socket } from 'node:net';
import ssh2, { type AuthContext, type Connection, type ParsedKey } from 'ssh2';
import { faultyLink, isLinkFault } from './link.ts';
import type { Fault } from './options.ts';
import { acceptSession, type Spawn } from './ssh-session.ts';

export interface DoorOptions {
  readonly address: string;
  readonly port: number;
  readonly hostKey: string;
  readonly clientKey: string;
  readonly users: readonly string[];
  readonly spawn: Spawn;
  readonly faults: () => readonly Fault[];
}

/** The SSH server of one host, from one boot to the next. */
export interface SshDoor {
  readonly port: number;
  readonly close: () => Promise<void>;
}

export const noiseText = '\u001b[2J\u001b]0;owned\u0007{{ 7*7 }} {% raw %} ${HOME} `id`\r\nok: [all]\r\n';

/** sshd_config(5): open sessions per connection. */
const maxSessions = 10;

function parsed(key: string): ParsedKey {
  const result = ssh2.utils.parseKey(key);
  if (result instanceof Error) throw result;
  return result;
}

function authenticate(options: DoorOptions, allowed: ParsedKey, context: AuthContext): void {
  if (context.method !== 'publickey' || !options.users.includes(context.username)) return context.reject(['publickey']);
  const { key, signature, blob, hashAlgo } = context;
  if (key.algo !== allowed.type || !key.data.equals(allowed.getPublicSSH())) return context.reject(['publickey']);
  if (signature === undefined) return context.accept();
  if (blob !== undefined && allowed.verify(blob, signature, hashAlgo) === true) return context.accept();
  context.reject(['publickey']);
}

function serve(options: DoorOptions, allowed: ParsedKey, client: Connection): void {
  let username = '';
  client.on('error', () => {}); // a client that goes without a word is none of the host's business
  client.on('authentication', (context) => {
    username = context.username;
    authenticate(options, allowed, context);
  });
  let sessions = 0;
  client.on('session', (accept, reject) => {
    if (sessions >= maxSessions) return reject();
    sessions++;
    const session = accept();
    session.on('close', () => sessions--);
    acceptSession(session, username, options.spawn);
  });
}

function noiseOf(options: DoorOptions): string | undefined {
  const fault = options.faults().find((each) => each.kind === 'noise');
  return fault ? (fault.text ?? noiseText) : undefined;
}

export async function openDoor(options: DoorOptions): Promise<SshDoor> {
  const allowed = parsed(options.clientKey);
  const banner = noiseOf(options);
  const server = new ssh2.Server({ hostKeys: [options.hostKey], ...(banner ? { banner } : {}) }, (client) =>
    serve(options, allowed, client),
  );
  const sockets = new Set<Socket>();
  const listener = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    const faults = options.faults().filter(isLinkFault);
    server.injectSocket(faults.length > 0 ? (faultyLink(socket, faults) as Socket) : socket);
  });
  server.on('error', () => {});
  listener.listen(options.port, options.address);
  try {
    await once(listener, 'listening');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'EADDRINUSE') throw new Error(`${options.address}: ${message}`, { cause: error });
    throw new Error(`${options.address} port ${options.port} is taken: does another lab run?`, { cause: error });
  }
  return { port: (listener.address() as AddressInfo).port, close: () => closeListener(listener, sockets) };
}

async function closeListener(listener: TcpServer, sockets: ReadonlySet<Socket>): Promise<void> {
  const closed = once(listener, 'close');
  listener.close();
  for (const socket of sockets) socket.destroy();
  await closed;
}
