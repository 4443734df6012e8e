import { connect } from 'node:net';

/**
 * Whether a server on a port of 127.0.0.1 greets as SSH servers do (RFC 4253, 4.2). A connection alone says nothing: QEMU
 * accepts it before it has asked the guest.
 */
export function sshBanner(port: number, patienceMs = 5_000): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    const finish = (isGreeting: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(isGreeting);
    };
    const timer = setTimeout(() => finish(false), patienceMs);
    socket.once('data', (chunk: Buffer) => finish(chunk.toString('latin1').startsWith('SSH-')));
    socket.once('error', () => finish(false));
    socket.once('close', () => finish(false));
  });
}
