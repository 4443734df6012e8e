import { setTimeout as sleep } from 'node:timers/promises';

import { Deadline } from './deadline.ts';

/** Milliseconds commands get to end on TERM, and then on KILL. */
const GRACE_MS = 2000;
const PAUSES_MS = [20, 50, 100, 200];

/** Asks the shell to run text of ours and gives back what that left in `o`; undefined when it did not answer in time. */
export type Ask = (body: string, ms: number) => Promise<string | undefined>;

/**
 * Ends everything that runs in the shell's own session, by TERM, then KILL. The whole session, because `timeout` and
 * shells with job control put their children into other process groups.
 *
 * Returns the number of processes left, or undefined when the shell did not answer.
 */
export async function stopCommands(ask: Ask, session: number): Promise<number | undefined> {
  let left = await sweep(ask, session, 'TERM');
  if (left !== 0 && left !== undefined) left = await waitUntilGone(ask, session);
  if (left === 0 || left === undefined) return left;
  await sweep(ask, session, 'KILL');
  return waitUntilGone(ask, session);
}

async function waitUntilGone(ask: Ask, session: number): Promise<number | undefined> {
  const deadline = new Deadline(GRACE_MS);
  for (let round = 0; ; round += 1) {
    await sleep(PAUSES_MS[Math.min(round, PAUSES_MS.length - 1)]);
    const left = await sweep(ask, session, '0');
    if (left === 0 || left === undefined || deadline.isPassed) return left;
  }
}

async function sweep(ask: Ask, session: number, signal: 'TERM' | 'KILL' | '0'): Promise<number | undefined> {
  const answer = await ask(sweepText(session, signal), GRACE_MS);
  return answer === undefined ? undefined : Number(answer);
}

/**
 * Builtins only: a host that is out of processes can still be swept. Fields of /proc/PID/stat (proc(5)) after the name
 * in parentheses: state, ppid, pgrp, session. Spared are the shell itself and its parent, which may be sudo.
 */
function sweepText(session: number, signal: string): string {
  return `n=0; { for f in /proc/[0-9]*/stat; do
read -r l <"$f" || continue
p=\${f#/proc/}; p=\${p%/stat}; set -- \${l##*) }
[ "$4" = ${session} ] && [ "$1" != Z ] && [ "$p" != "$$" ] && [ "$p" != "$PPID" ] && kill -${signal} "$p" && n=$((n+1))
done; } 2>/dev/null
o=$n`;
}
