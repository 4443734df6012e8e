import { createServer, type Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { abstractName } from './place.ts';

/** Runs `work` while no other program on this machine runs work of the same name. */
export async function exclusively<Value>(name: string, work: () => Promise<Value>): Promise<Value> {
  const server = await take(abstractName(name));
  try {
    return await work();
  } finally {
    server.close();
  }
}

/** Waits until no other program holds the name, and holds it until the server is closed or this program ends. */
export async function hold(name: string): Promise<Server> {
  return take(abstractName(name));
}

async function take(name: string): Promise<Server> {
  for (;;) {
    const server = createServer();
    const isTaken = new Promise<boolean>((resolve) => {
      server.once('listening', () => resolve(true)).once('error', () => resolve(false));
    });
    server.listen(name);
    if (await isTaken) return server;
    await sleep(500);
  }
}
