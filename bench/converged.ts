import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startFleet, writePlaybook } from './fleet.ts';
import { type Measured, measure, median } from './measure.ts';

/**
 * What a converged run costs, side by side in one run: merely connecting (the floor), tsplay with 20 and 100 tasks, and
 * Ansible with pipelining where it is installed. Hosts are real sshd processes on loopback that share this machine.
 *
 *     npm run bench -- --hosts 50 --rounds 5            (--ansible adds Ansible, which takes minutes)
 */
const values = readArguments();
const { rounds } = values;
const root = join(import.meta.dirname, '..');
const tsplay = [process.execPath, join(root, 'bin', 'tsplay.cjs')];

process.setMaxListeners(500);
await using fleet = await startFleet(values.hosts);
const playbooks = [20, 100].map((tasks) => ({ tasks, path: writePlaybook(fleet.directory, tasks) }));

// Like tsplay itself the floor starts as JavaScript: taking the types out costs Node a twentieth of the whole.
const floorProgram = join(root, 'dist', 'floor.mjs');
writeFileSync(floorProgram, stripTypeScriptTypes(readFileSync(join(import.meta.dirname, 'floor.ts'), 'utf8')));

const floor: Measured[] = [];
const runs = new Map(playbooks.map(({ tasks }) => [tasks, [] as Measured[]]));
for (const { path } of playbooks)
  succeed(await measure([...tsplay, 'run', path, '-i', fleet.inventory, '-o', 'json']), 'first run');
for (let round = 0; round < rounds; round++) {
  floor.push(succeed(await measure([process.execPath, floorProgram, fleet.inventory]), 'floor'));
  for (const { tasks, path } of playbooks) {
    const run = succeed(
      await measure([...tsplay, 'run', path, '-i', fleet.inventory, '-o', 'json']),
      `tsplay with ${tasks} tasks`,
    );
    requireConverged(run.output);
    runs.get(tasks)?.push(run);
  }
}

const base = median(floor.map((one) => one.wall));
console.log(
  `${values.hosts} hosts (sshd on loopback, this machine's ${execFileSync('nproc').toString().trim()} cores), median of ${rounds} rounds\n`,
);
row(['', 'wall', 'x floor', 'cpu', 'memory', 'frames/host', 'cpu/host/task']);
row(['floor: connect, run true', `${base.toFixed(2)} s`, '1.00', cpuOf(floor), memoryOf(floor), '', '']);
for (const { tasks } of playbooks) {
  const measured = runs.get(tasks) ?? [];
  const wall = median(measured.map((one) => one.wall));
  const extra = (median(measured.map((one) => one.cpu)) - median(floor.map((one) => one.cpu))) / (values.hosts * tasks);
  row([
    `tsplay, ${tasks} tasks, converged`,
    `${wall.toFixed(2)} s`,
    (wall / base).toFixed(2),
    cpuOf(measured),
    memoryOf(measured),
    framesOf(measured),
    `${(extra * 1000).toFixed(2)} ms`,
  ]);
}
if (values.ansible) await compareAnsible();

function readArguments(): { readonly hosts: number; readonly rounds: number; readonly ansible: boolean } {
  try {
    const { values } = parseArgs({
      options: {
        hosts: { type: 'string', default: '50' },
        rounds: { type: 'string', default: '3' },
        ansible: { type: 'boolean', default: false },
      },
    });
    return { ansible: values.ansible, hosts: countOf('hosts', values.hosts), rounds: countOf('rounds', values.rounds) };
  } catch (error) {
    console.error(`${(error as Error).message}
Usage: npm run bench -- [--hosts N] [--rounds N] [--ansible]`);
    process.exit(2);
  }
}

function countOf(option: string, value: string): number {
  if (!/^[1-9][0-9]{0,3}$/.test(value))
    throw new Error(`--${option} wants a whole number from 1 to 9999, not "${value}".`);
  return Number(value);
}

function row(cells: readonly string[]): void {
  console.log(cells.map((cell, index) => (index === 0 ? cell.padEnd(34) : cell.padStart(14))).join(''));
}

function cpuOf(measured: readonly Measured[]): string {
  return `${median(measured.map((one) => one.cpu)).toFixed(2)} s`;
}

function memoryOf(measured: readonly Measured[]): string {
  return `${Math.round(median(measured.map((one) => one.memory)) / 1e6)} MB`;
}

function framesOf(measured: readonly Measured[]): string {
  return (median(measured.map((one) => endOf(one.output).frames)) / values.hosts).toFixed(1);
}

function endOf(output: string): {
  readonly frames: number;
  readonly recap: readonly { readonly changed: number; readonly host: string }[];
} {
  return JSON.parse(output.trim().split('\n').at(-1) ?? '{}');
}

function requireConverged(output: string): void {
  const changed = endOf(output).recap.filter((host) => host.changed > 0);
  if (changed.length > 0) throw new Error(`not converged: ${changed.map(({ host }) => host).join(', ')}`);
}

function succeed(measured: Measured, what: string): Measured {
  if (measured.code !== 0) throw new Error(`${what} ended with ${measured.code}: ${measured.output.slice(-2000)}`);
  return measured;
}

/** The same playbook of 20 tasks; Ansible's defaults but for pipelining and as many forks as hosts. */
async function compareAnsible(): Promise<void> {
  const path = playbooks[0]?.path ?? '';
  const config = join(fleet.directory, 'ansible.cfg');
  writeFileSync(
    config,
    `[defaults]\nforks = ${values.hosts}\ngathering = explicit\nretry_files_enabled = False\n[ssh_connection]\npipelining = True\n`,
  );
  const run = succeed(
    await measure(['ansible-playbook', '-i', fleet.inventory, path], {
      env: { ANSIBLE_CONFIG: config, HOME: fleet.directory },
    }),
    'ansible',
  );
  const ours = median((runs.get(20) ?? []).map((one) => one.wall));
  row([
    'ansible-core, 20 tasks, pipelining',
    `${run.wall.toFixed(2)} s`,
    (run.wall / base).toFixed(2),
    `${run.cpu.toFixed(2)} s`,
    `${Math.round(run.memory / 1e6)} MB`,
    '',
    '',
  ]);
  console.log(`\ntsplay is ${(run.wall / ours).toFixed(0)} times as fast as Ansible on these 20 tasks`);
}
