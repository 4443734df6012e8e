import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface, type Interface } from 'node:readline';

interface Reply {
  readonly return?: unknown;
  readonly error?: { readonly desc: string };
}

/**
 * Sends one command of QEMU's machine protocol and gives back its answer (docs/interop/qmp-spec of QEMU). Each on a connection
 * of its own: QEMU serves one at a time, and nobody here waits for its events.
 * @throws Error with QEMU's words when it refuses, or when nobody listens.
 */
export async function qmp(socketPath: string, command: string, args: Readonly<Record<string, unknown>> = {}) {
  const socket = connect(socketPath);
  await once(socket, 'connect');
  const lines = createInterface({ input: socket });
  // Without a listener a broken connection would end the program; whoever waits for a line hears of the close.
  lines.on('error', () => {});
  socket.on('error', () => {});
  try {
    await reply(
      lines,
      () => {},
      (line) => 'QMP' in line,
    );
    await ask(lines, socket, { execute: 'qmp_capabilities' });
    return await ask(lines, socket, { execute: command, arguments: args });
  } finally {
    lines.close();
    socket.destroy();
  }
}

/**
 * Why the guest went down, as QEMU says in its SHUTDOWN event: `guest-reset`, `guest-shutdown` and others. Resolves when QEMU is
 * gone, with nothing when it was killed.
 */
export async function shutdownReason(socketPath: string): Promise<string | undefined> {
  const socket = connect(socketPath);
  await once(socket, 'connect');
  socket.on('error', () => {});
  socket.write('{"execute": "qmp_capabilities"}\n');
  let reason: string | undefined;
  const lines = createInterface({ input: socket });
  lines.on('line', (text) => {
    const { event, data }: Event = JSON.parse(text);
    if (event === 'SHUTDOWN') reason = data?.reason;
  });
  await once(lines, 'close');
  return reason;
}

interface Event {
  readonly event?: string;
  readonly data?: { readonly reason?: string };
}

async function ask(lines: Interface, socket: Socket, request: object): Promise<unknown> {
  const send = (): void => void socket.write(`${JSON.stringify(request)}\n`);
  const answer: Reply = await reply(lines, send, (line) => 'return' in line || 'error' in line);
  if (answer.error) throw new Error(`QEMU: ${answer.error.desc}`);
  return answer.return;
}

/** Events of other things come between question and answer. */
function reply(lines: Interface, send: () => void, isIt: (line: object) => boolean): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const look = (text: string): void => {
      const line: object = JSON.parse(text);
      if (isIt(line)) finish(() => resolve(line));
    };
    const closed = (): void => finish(() => reject(new Error('QEMU closed its monitor')));
    const finish = (settle: () => void): void => {
      lines.off('line', look).off('close', closed);
      settle();
    };
    lines.on('line', look).once('close', closed);
    send();
  });
}
