import type { Applied, RunCommand } from '../contract/change.ts';
import type { TaskView } from '../contract/module.ts';
import type { Read } from '../contract/probe.ts';
import { z } from 'zod';
import { runCommand } from '../changes/run-command.ts';
import { commandOutput } from '../probes/command-output.ts';
import { pathGlob } from '../probes/path-glob.ts';

/** What command and shell have in common. */
export const programFields = {
  chdir: z.string().optional().describe('Directory to run in'),
  creates: z.string().optional().describe('Do not run when this path (or something matching this pattern) exists'),
  removes: z.string().optional().describe('Do not run when nothing matches this path or pattern'),
  stdin: z.string().optional().describe('Text for standard input'),
  stdin_add_newline: z.boolean().default(true).describe('End stdin with a newline'),
  strip_empty_ends: z.boolean().default(true).describe('Drop empty lines at the end of stdout and stderr'),
};

export interface ProgramArgs {
  readonly chdir?: string | undefined;
  readonly creates?: string | undefined;
  readonly removes?: string | undefined;
  readonly stdin?: string | undefined;
  readonly stdin_add_newline: boolean;
  readonly strip_empty_ends: boolean;
}

export interface ProgramState {
  /** Why there is nothing to run, in Ansible's words. */
  readonly skip: string | undefined;
  readonly environment: Readonly<Record<string, string>>;
  /** Of the user on the host; read only when the words name variables. */
  readonly hostEnvironment: Readonly<Record<string, string>>;
}

export async function observeProgram(
  args: ProgramArgs,
  needsEnvironment: boolean,
  on: { read: Read; task: TaskView },
): Promise<ProgramState> {
  const { read, task } = on;
  const [created, kept, hostEnvironment] = await Promise.all([
    args.creates === undefined ? undefined : read(pathGlob(inDirectory(args.creates, args.chdir))),
    args.removes === undefined ? undefined : read(pathGlob(inDirectory(args.removes, args.chdir))),
    needsEnvironment ? readEnvironment(read) : {},
  ]);
  const skip =
    created === true
      ? `skipped, since ${args.creates} exists`
      : kept === false
        ? `skipped, since ${args.removes} does not exist`
        : undefined;
  return { skip, environment: task.environment, hostEnvironment };
}

async function readEnvironment(read: Read): Promise<Readonly<Record<string, string>>> {
  const { stdout } = await read(commandOutput(['env'], { reads: [] }));
  return Object.fromEntries(
    stdout.split('\n').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

function inDirectory(path: string, chdir: string | undefined): string {
  return path.startsWith('/') || chdir === undefined ? path : `${chdir.replace(/\/$/, '')}/${path}`;
}

/** The one change of command and shell: it may touch anything, and the engine judges the exit code. */
export function programChange(argv: RunCommand['argv'], args: ProgramArgs, state: ProgramState): readonly RunCommand[] {
  if (state.skip !== undefined) return [];
  const { stdin, stdin_add_newline, chdir } = args;
  return [
    runCommand(argv, {
      touches: ['*'],
      success: 'any',
      ...(stdin !== undefined && { stdin: stdin_add_newline && !stdin.endsWith('\n') ? `${stdin}\n` : stdin }),
      ...(chdir !== undefined && { cwd: chdir }),
      ...(Object.keys(state.environment).length > 0 && { env: state.environment }),
    }),
  ];
}

/** What Ansible registers. */
export function programResult(
  cmd: unknown,
  args: ProgramArgs,
  found: { state: ProgramState; applied: readonly Applied[] },
) {
  const { state, applied } = found;
  if (state.skip !== undefined)
    return { cmd, rc: 0, ...streams(state.skip, '', args), msg: notRun(args, state.skip), ...NEVER };
  const [one] = applied;
  if (!one?.output) return { cmd };
  return {
    cmd,
    rc: one.output.code,
    ...streams(text(one.output.stdout), text(one.output.stderr), args),
    msg: one.output.code === 0 ? '' : 'non-zero return code',
    ...times(one),
  };
}

const NEVER = { start: null, end: null, delta: null };

/** Ansible's words. */
function notRun({ creates, removes }: ProgramArgs, skip: string): string {
  const isThere = skip.endsWith(' exists');
  return `Did not run command since '${isThere ? creates : removes}' ${isThere ? 'exists' : 'does not exist'}`;
}

/** By the controller's clock, as Python writes local times. */
function times({ startedAt = Date.now(), elapsed }: Applied) {
  return {
    start: localTime(startedAt),
    end: localTime(startedAt + elapsed * 1000),
    delta: duration(elapsed),
  };
}

/** @example localTime(0.25) // '1970-01-01 00:00:00.000250' in UTC */
function localTime(milliseconds: number): string {
  const time = new Date(milliseconds);
  const pad = (value: number, digits = 2) => String(value).padStart(digits, '0');
  const micros = Math.floor((milliseconds * 1000) % 1_000_000);
  const day = [pad(time.getFullYear(), 4), pad(time.getMonth() + 1), pad(time.getDate())].join('-');
  return `${day} ${[time.getHours(), time.getMinutes(), time.getSeconds()].map((part) => pad(part)).join(':')}.${pad(micros, 6)}`;
}

function streams(stdout: string, stderr: string, { strip_empty_ends }: ProgramArgs) {
  const [out, err] = strip_empty_ends
    ? [stdout.replace(/[\r\n]+$/, ''), stderr.replace(/[\r\n]+$/, '')]
    : [stdout, stderr];
  return { stdout: out, stderr: err, stdout_lines: lines(out), stderr_lines: lines(err) };
}

function lines(value: string): readonly string[] {
  return value === '' ? [] : value.replace(/\r?\n$/, '').split(/\r?\n/);
}

/** @example duration(3723.5) // '1:02:03.500000' */
function duration(seconds: number): string {
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return `${hours}:${String(minutes).padStart(2, '0')}:${(seconds % 60).toFixed(6).padStart(9, '0')}`;
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}
