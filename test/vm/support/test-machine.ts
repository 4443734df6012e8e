import { mkdtempSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach } from 'vitest';
import { imageCache } from '../../../src/lab/vm/image.ts';
import { machineInventory } from '../../../src/lab/vm/inventory.ts';
import { type Machine, startMachine } from '../../../src/lab/vm/machine.ts';
import type { MachineOptions } from '../../../src/lab/vm/machine-options.ts';
import { run } from '../../lab/lab-fixture.ts';
import { play, type PlayCall, type Played, workspace } from '../../support/play.ts';

export const REPOSITORY = join(import.meta.dirname, '../../..');
export const GPU_CLOUD = join(REPOSITORY, 'playbooks/gpu-cloud.yaml');
export const ROLLING_REBOOT = join(REPOSITORY, 'playbooks/rolling-reboot.yaml');

/** Software emulation on two busy cores: what takes seconds on a server takes minutes. */
export const BOOT_MS = 15 * 60_000;

/** Why these tests cannot run here; nothing when they can. */
export const vmObstacle = (): string | undefined => (process.getuid?.() === 0 ? undefined : 'not root');

export type Vars = Readonly<Record<string, unknown>>;

/** A virtual machine with an inventory of its own. */
export interface TestMachine {
  readonly machine: Machine;
  readonly inventory: string;
  /** What a command prints on the machine, through ssh(1). Rejects when it fails. */
  readonly ssh: (command: string) => Promise<string>;
  /** Runs a playbook as the command line would; `vars` win over the inventory's. */
  readonly play: (playbook: string, call?: PlayCall & { readonly vars?: Vars }) => Promise<Played>;
  /** The same, with the playbook's text. */
  readonly playText: (tasks: string, call?: PlayCall) => Promise<Played>;
  readonly close: () => Promise<void>;
}

const running = new Set<Machine>();

/** Whoever reads of a failed test cannot look at its machine any more: the failure says what it was like. */
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail' && running.size > 0) throw new Error(`when that failed: ${await conditions()}`);
});

/** A hook whose time ran out leaves its machine to nobody. */
afterAll(async () => {
  if (running.size === 0) return;
  const left = await conditions();
  await Promise.all([...running].map((machine) => machine.close()));
  throw new Error(`left running: ${left}`);
});

const conditions = async (): Promise<string> => (await Promise.all([...running].map(conditionOf))).join('\n');

const conditionOf = async (machine: Machine): Promise<string> => `${machine.name}: ${await machine.condition()}`;

/** Starts a machine and waits until it answers. Its files are beside the image, where disks can be written past the cache. */
export async function startTestMachine(
  options: Partial<MachineOptions> & { readonly name: string },
): Promise<TestMachine> {
  await mkdir(imageCache(), { recursive: true });
  const directory = mkdtempSync(join(imageCache(), 'test-'));
  const machine = await startMachine({ directory, ...options });
  const inventory = join(directory, 'inventory.yaml');
  await writeFile(inventory, machineInventory(machine));
  running.add(machine);
  const close = async (): Promise<void> => {
    running.delete(machine);
    await machine.close();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await machine.waitForSsh(BOOT_MS);
  } catch (error) {
    await close();
    throw error;
  }
  const playOn: TestMachine['play'] = (playbook, { vars, ...call } = {}) =>
    play(playbook, {
      timeout: 60,
      taskTimeout: 1800,
      ...call,
      inventory: [inventory],
      extraVars: [...(call.extraVars ?? []), ...(vars ? [JSON.stringify(vars)] : [])],
    });
  return {
    machine,
    inventory,
    ssh: (command) => ssh(machine, command),
    play: playOn,
    playText: (tasks, call) => playOn(playbookOf(tasks), call),
    close,
  };
}

function playbookOf(tasks: string): string {
  const head = '- hosts: all\n  become: true\n  gather_facts: false\n  tasks:\n';
  const indented = tasks.replace(/^(?=.)/gm, '    ');
  return join(workspace({ 'site.yaml': head + indented }), 'site.yaml');
}

/** ssh(1) to a machine as root, without the command. */
export function sshWords(machine: Machine, options: readonly string[] = []): readonly [string, ...string[]] {
  const settings = [
    `UserKnownHostsFile=${machine.knownHostsPath}`,
    'BatchMode=yes',
    'ConnectTimeout=60',
    'LogLevel=ERROR',
  ];
  const words = ['-F', 'none', '-i', machine.privateKeyPath, '-p', String(machine.port), ...options];
  return ['ssh', ...words, ...settings.flatMap((each) => ['-o', each]), `root@${machine.address}`];
}

export async function ssh(machine: Machine, command: string): Promise<string> {
  const said = await run([...sshWords(machine), command]);
  if (said.code === 0) return said.out;
  const lost = said.code === 255 ? `\n${await conditionOf(machine)}` : '';
  throw new Error(`${machine.name}: ${command}: exit ${said.code}: ${said.err}${said.out}${lost}`);
}

/** Where a disk of one test file can be kept for others of the same run. */
export const besideImage = (name: string): string => join(imageCache(), name);
