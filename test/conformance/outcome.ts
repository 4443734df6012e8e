import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What can be observed of a run, in words both programs have. */
export interface Outcome {
  readonly exit: number;
  /** Per host, in order: `task | status`, with the message where a task prints one on purpose. */
  readonly hosts: Readonly<Record<string, readonly string[]>>;
  readonly recap: Readonly<Record<string, string>>;
  /** Files below out/ and what is in them. */
  readonly files: Readonly<Record<string, string>>;
}

export interface Counts {
  readonly ok: number;
  readonly changed: number;
  readonly unreachable: number;
  readonly failed: number;
  readonly skipped: number;
  readonly rescued: number;
  readonly ignored: number;
}

const COLUMNS = ['ok', 'changed', 'unreachable', 'failed', 'skipped', 'rescued', 'ignored'] as const;

/** Columns that are zero are left out: `ok=2 changed=1`. */
export function recapLine(counts: Counts): string {
  return COLUMNS.filter((column) => counts[column] > 0)
    .map((column) => `${column}=${counts[column]}`)
    .join(' ');
}

/** `message` only for what a task prints on purpose (debug, fail): other texts are each program's own. */
export function line(task: string, status: string, message: unknown): string {
  const text = message === undefined ? '' : ` | ${typeof message === 'string' ? message : JSON.stringify(message)}`;
  return `${task} | ${status}${text}`;
}

export function filesBelow(directory: string): Readonly<Record<string, string>> {
  const out = join(directory, 'out');
  if (!existsSync(out)) return {};
  return Object.fromEntries(
    readdirSync(out)
      .toSorted()
      .map((name) => [name, readFileSync(join(out, name), 'utf8')]),
  );
}
