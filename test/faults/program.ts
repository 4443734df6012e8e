import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { onTestFinished, vi } from 'vitest';
import type { Event, HostRecap } from '../../src/contract/event.ts';
import type { Result } from '../../src/contract/result.ts';

// Starting the program a few times takes seconds, and many where other tests keep the machine busy.
vi.setConfig({ testTimeout: 120_000 });

const MAIN = resolve(import.meta.dirname, '../../src/cli/main.ts');
/** No run of the program takes longer in any test, faults included. */
const LIMIT_MS = 60_000;

/** What a person, a script and the shell learn from one run of the program. */
export interface Told {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Empty unless the output is JSON lines. */
  readonly events: readonly Event[];
  readonly recap: ReadonlyMap<string, HostRecap>;
  /** The last result of a task on a host. */
  result(task: string, host: string): Result;
  readonly elapsedMs: number;
  /** Highest resident memory in MiB that was seen. */
  readonly peakMiB: number;
}

export interface Running {
  readonly child: ChildProcess;
  readonly pid: number;
  /** Everything printed so far, both streams. */
  said(): string;
  readonly ended: Promise<Told>;
}

export interface ProgramOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly input?: string | undefined;
  /** A shell text around the program, which is `"$@"` in it: `ulimit -n 64; exec "$@"`. */
  readonly through?: string;
}

/** Starts the program from its sources, with a HOME of its own and nothing of the caller's agent or settings. */
export function startProgram(args: readonly string[], options: ProgramOptions = {}): Running {
  const { cwd = emptyDirectory(), through = 'exec "$@"', input } = options;
  const startedAt = performance.now();
  const child = spawn('/bin/sh', ['-c', through, 'sh', process.execPath, MAIN, ...args], {
    cwd,
    env: { PATH: process.env.PATH, HOME: cwd, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const pid = child.pid ?? -1;
  const watch = watched(child);
  child.stdin.on('error', () => {}).end(input);
  const timer = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = new Promise<Told>((done) => {
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      const elapsedMs = performance.now() - startedAt;
      done(told({ code, signal, ...watch.end(), elapsedMs }));
    });
  });
  return { child, pid, said: watch.said, ended };
}

function watched(child: ChildProcess) {
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  let peakMiB = 0;
  child.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => err.push(chunk));
  const sampling = setInterval(() => {
    peakMiB = Math.max(peakMiB, residentMiB(child.pid ?? -1));
  }, 50);
  const text = (chunks: readonly Buffer[]): string => Buffer.concat(chunks).toString();
  return {
    said: () => text(out) + text(err),
    end: () => {
      clearInterval(sampling);
      return { stdout: text(out), stderr: text(err), peakMiB };
    },
  };
}

function told(seen: Omit<Told, 'events' | 'recap' | 'result'>): Told {
  const events = seen.stdout
    .split('\n')
    .filter((line) => line.startsWith('{"'))
    .map((line) => JSON.parse(line) as Event);
  const end = events.find((event) => event.type === 'run.finished');
  return {
    ...seen,
    events,
    recap: new Map((end?.recap ?? []).map((host) => [host.host, host])),
    result: (task, host) => {
      const found = events.findLast(
        (event) => event.type === 'task.finished' && event.task.name === task && event.host === host,
      );
      if (found?.type === 'task.finished') return found.result;
      throw new Error(`${task} did not finish on ${host}:\n${(seen.stdout + seen.stderr).slice(-4000)}`);
    },
  };
}

/** proc(5): VmHWM is the peak of the resident set. */
function residentMiB(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

export function emptyDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'tsplay-fault-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}
