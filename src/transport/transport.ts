import type { Connection, ConnectionTarget, Transport } from '../contract/connection.ts';
import { RefusedPasswords } from './refused-passwords.ts';
import { connectLocal } from './local.ts';
import { SshConnector } from './ssh-connector.ts';
import type { SshOptions } from './ssh-connector.ts';
import { connectSsh } from './ssh-connection.ts';

/** A {@link Transport} for a whole run. Close it last: it holds the connections to jump hosts. */
export interface ClosableTransport extends Transport, AsyncDisposable {
  close(): Promise<void>;
}

/**
 * Connects to hosts over SSH, and to this machine for `kind: 'local'`.
 *
 * @example
 * await using transport = createTransport();
 * const connection = await transport.connect({ host: 'gpu01', kind: 'ssh', address: 'gpu01', hostKeyPolicy: 'strict', connectTimeoutMs: 10_000 });
 */
export function createTransport(options: SshOptions = {}): ClosableTransport {
  const connector = new SshConnector(options);
  const refused = new RefusedPasswords();
  const close = async (): Promise<void> => connector.close();
  const connect = (target: ConnectionTarget): Promise<Connection> =>
    target.kind === 'local' ? connectLocal(target, refused) : connectSsh(connector, target, refused);
  return {
    connect: (target, signal) => untilAborted(connect(target), signal),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** A connection that is made after nobody wants it any more is closed. */
async function untilAborted(connecting: Promise<Connection>, signal: AbortSignal | undefined): Promise<Connection> {
  if (signal === undefined) return connecting;
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([connecting, aborted.promise]);
  } catch (error) {
    connecting.then(
      (connection) => connection.close(),
      () => {},
    );
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
