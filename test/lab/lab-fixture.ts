import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Lab, startLab } from '../../src/lab/lab.ts';
import type { HostOptions, LabOptions } from '../../src/lab/options.ts';

/** Why lab tests cannot run here; nothing when they can. */
export function labObstacle(): string | undefined {
  if (process.getuid?.() !== 0) return 'not root';
  try {
    accessSync('/dev/fuse', constants.R_OK | constants.W_OK);
    return undefined;
  } catch {
    return 'no /dev/fuse';
  }
}

export interface Said {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface TestLab {
  readonly lab: Lab;
  /** Runs a command on a host through the machine's own ssh. */
  readonly ssh: (host: string, command: string, stdin?: string) => Promise<Said>;
  /** Waits until a command succeeds on a host whose boot id is not `bootId`. */
  readonly rebooted: (host: string, bootId: string) => Promise<void>;
  readonly close: () => Promise<void>;
}

export const host = (name: string, options: Partial<HostOptions> = {}): HostOptions => ({
  name,
  address: '127.77.9.1',
  port: 0,
  cpu: 'intel',
  cards: ['k4200'],
  role: 'compute',
  ...options,
});

export function run(argv: readonly [string, ...string[]], stdin = ''): Promise<Said> {
  const [file, ...args] = argv;
  const child = spawn(file, args);
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  child.stdin.on('error', () => {});
  child.stdin.end(stdin);
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, out, err })));
}

export async function testLab(hosts: readonly HostOptions[], options: LabOptions = {}): Promise<TestLab> {
  const directory = await mkdtemp(join(tmpdir(), 'tsplay-lab-'));
  const lab = await startLab({ directory, hosts, bootMs: 100, ...options });
  const ssh = (name: string, command: string, stdin?: string): Promise<Said> =>
    run([...sshWords(lab, name), command], stdin);
  const rebooted = async (name: string, bootId: string): Promise<void> => {
    for (;;) {
      const { code, out } = await ssh(name, 'cat /proc/sys/kernel/random/boot_id');
      if (code === 0 && out.trim() !== bootId.trim()) return;
      await sleep(50);
    }
  };
  const close = async (): Promise<void> => {
    await lab.close();
    await rm(directory, { recursive: true, force: true });
  };
  return { lab, ssh, rebooted, close };
}

export function sshWords(lab: Lab, name: string): readonly [string, ...string[]] {
  const found = lab.hosts.find((each) => each.name === name);
  const settings = [
    `UserKnownHostsFile=${lab.knownHostsPath}`,
    'BatchMode=yes',
    'ConnectTimeout=3',
    'LogLevel=ERROR',
    'IdentitiesOnly=yes',
  ];
  return [
    'ssh',
    '-F',
    'none',
    '-i',
    lab.privateKeyPath,
    '-p',
    String(found?.port),
    ...settings.flatMap((each) => ['-o', each]),
    `root@${found?.address}`,
  ];
}
