import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface Measured {
  /** Seconds. */
  readonly wall: number;
  /** Seconds of user and system time of the process itself. */
  readonly cpu: number;
  /** Bytes at the peak. */
  readonly memory: number;
  readonly code: number | null;
  readonly output: string;
}

/** Linux counts process times in hundredths of a second (sysconf _SC_CLK_TCK). */
const TICKS_PER_SECOND = 100;
const SAMPLE_MS = 10;

/** Runs a program and measures it from outside, so that every contestant is measured the same way. */
export async function measure(
  argv: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<Measured> {
  const [file = '', ...args] = argv;
  const start = performance.now();
  const child = spawn(file, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk));
  let cpu = 0;
  let memory = 0;
  const clock = setInterval(() => {
    const sample = child.pid === undefined ? undefined : sampleOf(child.pid);
    if (!sample) return;
    cpu = sample.cpu;
    memory = Math.max(memory, sample.memory);
  }, SAMPLE_MS);
  const code = await new Promise<number | null>((resolve, reject) =>
    child.once('error', reject).once('close', resolve),
  );
  clearInterval(clock);
  return { wall: (performance.now() - start) / 1000, cpu, memory, code, output };
}

/** proc(5): utime, stime and those of waited-for children are fields 14 to 17 of stat; VmHWM is the peak of resident memory. */
function sampleOf(pid: number): { readonly cpu: number; readonly memory: number } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = [11, 12, 13, 14].reduce((sum, index) => sum + Number(fields[index]), 0);
    const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return { cpu: ticks / TICKS_PER_SECOND, memory: Number(peak?.[1] ?? 0) * 1024 };
  } catch {
    return undefined;
  }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
