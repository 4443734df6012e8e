import { open, readFile } from 'node:fs/promises';
import { availableParallelism, loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import type { Accelerator } from './machine-options.ts';
import { qmp } from './qmp.ts';

/** A virtual machine, seen from outside. */
export interface Subject {
  readonly accelerator: Accelerator;
  /** Of QEMU; undefined while the power is off. */
  readonly pid: number | undefined;
  /** QEMU's own last words. */
  readonly said: string;
  readonly serialLog: string;
  readonly qmpSocket: string;
}

const PATIENCE_MS = 2_000;

/**
 * What a person would ask about a machine that does not answer: what runs it, whether it runs and works, whether anything else keeps
 * the processors busy, and what it last said. Never rejects.
 */
export async function condition(subject: Subject): Promise<string> {
  const [qemu, serial] = await Promise.all([qemuWord(subject), serialTail(subject.serialLog, 15)]);
  const load = `load here ${loadavg()
    .map((each) => each.toFixed(1))
    .join(' ')} on ${availableParallelism()} processors`;
  return `${subject.accelerator}; ${qemu}; ${load}; ${serial}`;
}

async function qemuWord({ pid, said, qmpSocket }: Subject): Promise<string> {
  const last = said.trim() && `, having said: ${said.trim()}`;
  if (pid === undefined) return `QEMU does not run${last}`;
  const [times, status] = await Promise.all([timesOf(pid), statusOf(qmpSocket)]);
  return `QEMU ${pid} ${times}, and calls itself ${status}${last}`;
}

/** proc(5): the processor's time as user and in the kernel, then the start, all in ticks of a hundredth of a second. */
async function timesOf(pid: number): Promise<string> {
  try {
    const [stat, uptime] = await Promise.all([readFile(`/proc/${pid}/stat`, 'utf8'), readFile('/proc/uptime', 'utf8')]);
    const ticks = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const [user = 0, kernel = 0, start = 0] = [ticks[11], ticks[12], ticks[19]];
    const seconds = Math.round(Number.parseFloat(uptime) - start / 100);
    return `has run for ${seconds} s and used ${Math.round((user + kernel) / 100)} s of processors`;
  } catch {
    return 'has just ended';
  }
}

async function statusOf(socket: string): Promise<string> {
  const silence = sleep(PATIENCE_MS, undefined, { ref: false });
  const answer = await Promise.race([qmp(socket, 'query-status').catch(() => undefined), silence]);
  const isStatus = typeof answer === 'object' && answer !== null && 'status' in answer;
  return isStatus ? String(answer.status) : 'nothing';
}

/** The end of a serial log without what only terminals read. */
async function serialTail(path: string, lines: number): Promise<string> {
  try {
    const file = await open(path);
    try {
      const { size } = await file.stat();
      const { buffer, bytesRead } = await file.read({ position: Math.max(0, size - 8192), buffer: Buffer.alloc(8192) });
      const text = stripVTControlCharacters(buffer.subarray(0, bytesRead).toString('latin1'));
      const said = text.split(/[\r\n]+/).map((line) => line.replace(/[^\x20-\x7e]/g, ''));
      const last = said.filter((line) => line.trim()).slice(-lines);
      return last.length > 0
        ? `on its serial line (${size} bytes) last:\n${last.join('\n')}`
        : 'nothing on its serial line';
    } finally {
      await file.close();
    }
  } catch {
    return 'no serial line';
  }
}
