import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Lab, startLab } from '../../../src/lab/lab.ts';
import type { HostOptions, LabOptions } from '../../../src/lab/options.ts';
import { run as runProgram, sshWords } from '../../lab/lab-fixture.ts';
import { play, type PlayCall, type Played } from '../../support/play.ts';
import { type Child, tsplay } from './tsplay.ts';

export const REPOSITORY = join(import.meta.dirname, '../../..');
export const GPU_CLOUD = join(REPOSITORY, 'playbooks/gpu-cloud.yaml');
export const ROLLING_REBOOT = join(REPOSITORY, 'playbooks/rolling-reboot.yaml');

/** Why the long tests are left out; nothing when they run. */
export const TOO_LONG = process.env.TSPLAY_TEST_ALL === '1' ? undefined : 'set TSPLAY_TEST_ALL=1';

export type Vars = Readonly<Record<string, unknown>>;

export interface FleetHost extends Partial<Omit<HostOptions, 'name'>> {
  readonly vars?: Vars;
}

/** A lab with an inventory of its own, in a directory of its own. */
export interface Fleet {
  readonly lab: Lab;
  readonly directory: string;
  readonly inventory: string;
  /** What a command prints on a host. Rejects when it fails. */
  readonly ssh: (host: string, command: string) => Promise<string>;
  /** Runs a playbook in this program and gives back every event. */
  readonly play: (playbook: string, call?: PlayCall) => Promise<Played>;
  /** Starts the command line as a program of its own. */
  readonly tsplay: (verb: string, words: readonly string[]) => Child;
  readonly close: () => Promise<void>;
}

/** What a fleet's hosts have in common with the repository's inventory; boots are quicker. */
const COMMON: Vars = {
  ansible_user: 'root',
  nova_release: '2025.1',
  nova_controller_settle: 1,
  gpu_nova_settle: 1,
  gpu_max_down: '100%',
  gpu_reboot_deadline: 30,
  gpu_reboot_stable: 1,
  nova_gpu_aliases: [
    { name: 'K4200', vendor_id: '10de', product_id: '11b4' },
    { name: 'TU116', vendor_id: '10de', product_id: '2184' },
    { name: 'A100', vendor_id: '10de', product_id: '20f1', device_type: 'type-PF' },
  ],
};

/**
 * @param subnet a number of this fleet's own: its hosts live in 127.78.<subnet>.0/24
 * @example const fleet = await startFleet(3, { gpu01: { cards: ['k4200'] }, ctl01: { role: 'controller' } });
 */
export async function startFleet(
  subnet: number,
  hosts: Readonly<Record<string, FleetHost>>,
  options: LabOptions & { readonly vars?: Vars } = {},
): Promise<Fleet> {
  const directory = await mkdtemp(join(tmpdir(), 'tsplay-fleet-'));
  const described = Object.entries(hosts).map(([name, { vars: _, ...host }], index) =>
    hostOptions(name, `127.78.${subnet}.${index + 1}`, host),
  );
  const { vars, ...lab } = options;
  const running = await startLab({ bootMs: 300, ...lab, directory: join(directory, 'lab'), hosts: described });
  const inventory = join(directory, 'inventory.yaml');
  writeFileSync(inventory, JSON.stringify(inventoryOf(running, hosts, vars ?? {})));
  return {
    lab: running,
    directory,
    inventory,
    ssh: (host, command) => ssh(running, host, command),
    play: (playbook, call = {}) => play(playbook, { taskTimeout: 90, timeout: 20, ...call, inventory: [inventory] }),
    tsplay: (verb, words) => tsplay([verb, ...words, '-i', inventory]),
    close: async () => {
      await running.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

const hostOptions = (name: string, address: string, host: Partial<HostOptions>): HostOptions => ({
  address,
  port: 0,
  cpu: 'intel',
  cards: [],
  role: 'compute',
  ...host,
  name,
});

function inventoryOf(lab: Lab, hosts: Readonly<Record<string, FleetHost>>, vars: Vars): unknown {
  const group = (role: HostOptions['role']) => ({
    hosts: Object.fromEntries(
      lab.hosts
        .filter(({ options }) => options.role === role)
        .map(({ name, address, port }) => [name, { ansible_host: address, ansible_port: port, ...hosts[name]?.vars }]),
    ),
  });
  const connection = {
    ansible_ssh_private_key_file: lab.privateKeyPath,
    ansible_ssh_common_args: `-o UserKnownHostsFile=${lab.knownHostsPath}`,
  };
  return {
    all: {
      vars: { ...COMMON, ...connection, ...vars },
      children: { gpu_hosts: group('compute'), nova_controllers: group('controller') },
    },
  };
}

async function ssh(lab: Lab, host: string, command: string): Promise<string> {
  const said = await runProgram([...sshWords(lab, host), command]);
  if (said.code !== 0) throw new Error(`${host}: ${command}: exit ${said.code}: ${said.err}${said.out}`);
  return said.out;
}
