import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Lab, startLab } from './lab.ts';
import type { LabOptions } from './options.ts';
import { removePidFile, runningLab, writePidFile } from './pid-file.ts';

export interface LabCommand {
  readonly action: 'start' | 'stop' | 'status';
  /** Return when the hosts are up and leave the lab running. */
  readonly detach?: boolean;
  /** The words that run this program's `lab` verb in the foreground, for `detach`. */
  readonly foreground: readonly [string, ...string[]];
  readonly lab?: LabOptions;
  /** What to start instead of the simulated hosts, in the lab's directory. */
  readonly start?: (directory: string) => Promise<RunningLab>;
  /** Milliseconds until a detached lab must be up. Default one minute. */
  readonly startDeadlineMs?: number;
  readonly print: (line: string) => void;
}

/** A lab in the foreground. */
export interface RunningLab {
  /** What a person needs to know to use it. */
  readonly introduction: readonly string[];
  readonly close: () => Promise<void>;
}

const stopDeadlineMs = 15_000;
const START_MS = 60_000;

/** The `lab` verb. Resolves to the exit code; in the foreground that is when a signal has ended the lab. */
export async function labCommand(command: LabCommand): Promise<number> {
  const directory = resolve(command.lab?.directory ?? '.lab');
  if (command.action === 'stop') return stop(directory, command.print);
  if (command.action === 'status') return status(directory, command.print);
  const running = await runningLab(directory);
  if (running !== undefined) {
    command.print(`a lab already runs from ${directory} (process ${running})`);
    return 1;
  }
  return command.detach ? detach(directory, command) : foreground(directory, command);
}

async function foreground(directory: string, command: LabCommand): Promise<number> {
  const { start = (where) => simulated(where, command.lab), print } = command;
  const lab = await start(directory);
  const ended = Promise.race(['SIGINT', 'SIGTERM', 'SIGHUP'].map((signal) => once(process, signal)));
  try {
    await writePidFile(directory);
    for (const line of lab.introduction) print(line);
    await ended;
  } finally {
    await lab.close();
    await removePidFile(directory);
  }
  return 0;
}

async function simulated(directory: string, options: LabOptions | undefined): Promise<RunningLab> {
  const lab = await startLab({ ...options, directory });
  return { introduction: introduction(lab), close: lab.close };
}

/** What a person needs to know to use the lab, and what not to mistake it for. */
export function introduction(lab: Lab): readonly string[] {
  const here = (path: string): string => relative('.', path) || '.';
  const ssh = `ssh -i ${here(lab.privateKeyPath)} -o UserKnownHostsFile=${here(lab.knownHostsPath)}`;
  return [
    'Simulated: PCI bus, IOMMU, kernel modules, boot menu, initramfs, reboot, systemd and the Nova services.',
    'Real: sshd protocol, sh, files, processes, permissions, on a copy of this machine that is thrown away.',
    ...lab.hosts.map(({ name, address, port, options }) => {
      const what = options.cards.length > 0 ? `${options.cpu}, ${options.cards.join(' + ')}` : options.role;
      return `  ${name.padEnd(8)}${what.padEnd(24)}${ssh} -p ${port} root@${address}`;
    }),
    'Try: npx tsplay run playbooks/gpu-cloud.yaml -i inventory/',
  ];
}

async function detach(
  directory: string,
  { foreground: words, print, startDeadlineMs = START_MS }: LabCommand,
): Promise<number> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const log = await open(join(directory, 'lab.log'), 'w');
  const [file, ...args] = words;
  const child = spawn(file, args, { detached: true, stdio: ['ignore', log.fd, log.fd] });
  child.unref();
  await log.close();
  const ready = await waitUntil(
    startDeadlineMs,
    async () => child.exitCode !== null || (await runningLab(directory)) !== undefined,
  );
  if (!ready || child.exitCode !== null) {
    child.kill();
    print(`the lab did not start: see ${join(directory, 'lab.log')}`);
    return 1;
  }
  print(`the lab runs (process ${child.pid}); its hosts and how to reach them: ${join(directory, 'lab.log')}`);
  return 0;
}

async function stop(directory: string, print: (line: string) => void): Promise<number> {
  const pid = await runningLab(directory);
  if (pid === undefined) {
    print('no lab runs');
    return 0;
  }
  process.kill(pid, 'SIGTERM');
  if (await waitUntil(stopDeadlineMs, async () => (await runningLab(directory)) === undefined)) return 0;
  print(`the lab (process ${pid}) has not ended`);
  return 1;
}

async function status(directory: string, print: (line: string) => void): Promise<number> {
  const pid = await runningLab(directory);
  print(pid === undefined ? 'no lab runs' : `the lab runs (process ${pid})`);
  return pid === undefined ? 1 : 0;
}

async function waitUntil(ms: number, done: () => Promise<boolean>): Promise<boolean> {
  for (const end = performance.now() + ms; performance.now() < end; await sleep(50)) if (await done()) return true;
  return false;
}
