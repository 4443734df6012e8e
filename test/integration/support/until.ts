import { setTimeout as sleep } from 'node:timers/promises';

/** Looks again and again. Rejects, naming what was waited for, when it has not come in time. */
export async function until(what: string, deadlineMs: number, isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = performance.now() + deadlineMs; performance.now() < end; await sleep(50)) if (await isSo()) return;
  throw new Error(`waited ${deadlineMs} ms for: ${what}`);
}
