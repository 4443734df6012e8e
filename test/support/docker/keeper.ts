import { createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { type Daemon, openDaemon } from './daemon.ts';
import { askEngine } from './http.ts';
import { hold } from './lock.ts';
import { abstractName, DIRECTORY } from './place.ts';

/**
 * A program of its own that owns the engine for as long as anybody uses it. Users hold a connection open; the kernel closes
 * it however they end, so that even a test run killed by SIGKILL leaves neither containers nor an engine behind. (The
 * image that testcontainers would use for this cannot be had without a registry.)
 */
const IDLE_MS = 20_000;

const users = new Set<Socket>();
// An engine that the keeper before this one is about to end still answers: it is not asked before that one has gone.
const opening = hold('engine').then(() => openDaemon(DIRECTORY));
opening.catch(() => {});
let idle = setTimeout(end, IDLE_MS);

const server = createServer((user) => void serve(user));
// Another keeper was quicker: its users are ours.
server.on('error', () => process.exit(0));
server.listen(abstractName('keeper'));
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, end);

async function serve(user: Socket): Promise<void> {
  const containers = new Set<string>();
  users.add(user);
  clearTimeout(idle);
  user.on('error', () => {});
  user.once('close', () => void leave(user, containers));
  createInterface({ input: user }).on('line', (line) => {
    const [verb, id = ''] = line.split(' ');
    if (verb === 'own') containers.add(id);
    if (verb === 'disown') containers.delete(id);
  });
  const answer = await opening.then(
    ({ socket }) => ({ socket }),
    (error: unknown) => ({ error: error instanceof Error ? error.message : String(error) }),
  );
  user.write(`${JSON.stringify(answer)}\n`);
}

async function leave(user: Socket, containers: ReadonlySet<string>): Promise<void> {
  const daemon = await opening.catch(() => undefined);
  for (const id of containers) await remove(daemon, id);
  users.delete(user);
  clearTimeout(idle);
  if (users.size === 0) idle = setTimeout(end, daemon ? IDLE_MS : 100);
}

async function remove(daemon: Daemon | undefined, id: string): Promise<void> {
  if (daemon) await askEngine(daemon.socket, 'DELETE', `/containers/${id}?force=1&v=1`).catch(() => {});
}

function end(): void {
  server.close();
  void opening
    .then((daemon) => daemon.stop())
    .catch(() => {})
    .finally(() => process.exit(0));
}
