import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const pathIn = (directory: string): string => join(directory, 'lab.pid');

/** When a process began, in clock ticks since boot: with its id it names one process for good. Field 22 of proc(5)'s stat. */
async function startOf(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}

/** The id of the lab that runs from this directory, if one does. */
export async function runningLab(directory: string): Promise<number | undefined> {
  const text = await readFile(pathIn(directory), 'utf8').catch(() => '');
  const [pid = '', start] = text.trim().split(' ');
  return start !== undefined && (await startOf(Number(pid))) === start ? Number(pid) : undefined;
}

export async function writePidFile(directory: string): Promise<void> {
  await writeFile(pathIn(directory), `${process.pid} ${await startOf(process.pid)}\n`);
}

export const removePidFile = (directory: string): Promise<void> => rm(pathIn(directory), { force: true });
