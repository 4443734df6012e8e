import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Event } from '../../../src/contract/event.ts';

const MAIN = join(import.meta.dirname, '../../../src/cli/main.ts');

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly events: readonly Event[];
  readonly stdout: string;
  readonly stderr: string;
}

/** The command line as a program of its own, so that it can be killed. */
export interface Child {
  readonly kill: (signal: NodeJS.Signals) => void;
  /** Resolves with the first event that matches; rejects when the program ends without one. */
  readonly until: (matches: (event: Event, index: number) => boolean) => Promise<Event>;
  /** Rejects, and kills the program, when it has not ended in time. */
  readonly ended: (deadlineMs?: number) => Promise<Ended>;
}

/** With `--output json` among the words, events can be waited for. */
export function tsplay(words: readonly string[]): Child {
  const child = spawn(process.execPath, [MAIN, ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { stdout: '', stderr: '', events: [] as Event[] };
  const waiting = new Set<() => void>();
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => {
    said.stdout += `${line}\n`;
    if (line.startsWith('{')) said.events.push(JSON.parse(line) as Event);
    for (const look of waiting) look();
  });
  child.stderr.on('data', (chunk: Buffer) => (said.stderr += chunk.toString()));
  const closed = Promise.all([once(child, 'close'), once(lines, 'close')]);
  return {
    kill: (signal) => child.kill(signal),
    until: (matches) => firstEvent(said, waiting, closed, matches),
    ended: async (deadlineMs = 120_000) => {
      await within(deadlineMs, child, closed);
      return { code: child.exitCode, signal: child.signalCode, ...said };
    },
  };
}

async function firstEvent(
  said: { readonly events: readonly Event[]; readonly stderr: string },
  waiting: Set<() => void>,
  closed: Promise<unknown>,
  matches: (event: Event, index: number) => boolean,
): Promise<Event> {
  const { promise, resolve, reject } = Promise.withResolvers<Event>();
  const look = () => {
    const found = said.events.find(matches);
    if (found) resolve(found);
  };
  waiting.add(look);
  look();
  void closed.then(() => reject(new Error(`the program ended before the event came: ${said.stderr}`)));
  return promise.finally(() => waiting.delete(look));
}

async function within(deadlineMs: number, child: ChildProcess, closed: Promise<unknown>): Promise<void> {
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    child.kill('SIGKILL');
  }, deadlineMs);
  await closed;
  clearTimeout(timer);
  if (isLate) throw new Error(`the program had not ended after ${deadlineMs} ms`);
}
