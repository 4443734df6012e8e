import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Sshd, startSshd } from '../test/support/sshd.ts';

/** What hosts are niced to: they stand for machines of their own, which take no processor from the one that is measured. */
const NICENESS = 10;

/** Real sshd processes on loopback, one for each host, and an inventory that tsplay and Ansible both read. */
export interface Fleet extends AsyncDisposable {
  readonly directory: string;
  readonly inventory: string;
  readonly hosts: readonly Sshd[];
}

export async function startFleet(count: number): Promise<Fleet> {
  const directory = mkdtempSync(join(tmpdir(), 'tsplay-bench-'));
  const hosts: Sshd[] = [];
  for (let index = 0; index < count; index++) hosts.push(await startSshd({ config: ['MaxStartups 100:30:200'] }));
  // Whatever a server starts for a session inherits it.
  for (const { pid } of hosts) setPriority(pid, NICENESS);
  const inventory = join(directory, 'hosts.ini');
  writeFileSync(inventory, hosts.map((host, index) => hostLine(host, index, directory)).join(''));
  return {
    directory,
    inventory,
    hosts,
    async [Symbol.asyncDispose]() {
      await Promise.all(hosts.map((host) => host.stop()));
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function hostLine(host: Sshd, index: number, directory: string): string {
  const root = join(directory, `host${index}`);
  mkdirSync(root);
  const args = `-o UserKnownHostsFile=${host.knownHostsFile}`;
  return `host${String(index).padStart(3, '0')} ansible_host=127.0.0.1 ansible_port=${host.port} ansible_user=${host.user} ansible_ssh_private_key_file=${host.identityFile} ansible_ssh_common_args='${args}' root=${root}\n`;
}

/** A playbook of so many tasks, in words both tools know: directories, lines, blocks, copies and attributes. */
export function writePlaybook(directory: string, tasks: number): string {
  const path = join(directory, `tasks-${tasks}.yaml`);
  const body = Array.from({ length: tasks }, (_, index) => KINDS[index % KINDS.length]?.(index) ?? '');
  writeFileSync(path, `- hosts: all\n  gather_facts: false\n  tasks:\n${body.join('')}`);
  return path;
}

const KINDS: readonly ((index: number) => string)[] = [
  (index) => `    - file: {path: "{{ root }}/d${index}", state: directory, mode: "0755"}\n`,
  (index) => `    - copy: {dest: "{{ root }}/c${index}", content: "value ${index}\\n", mode: "0644"}\n`,
  (index) =>
    `    - lineinfile: {path: "{{ root }}/l${index}", line: "option${index}=on", regexp: "^option${index}=", create: true}\n`,
  (index) => `    - blockinfile: {path: "{{ root }}/b${index}", block: "first\\nsecond ${index}", create: true}\n`,
  (index) => `    - stat: {path: "{{ root }}/c${Math.max(0, index - 3)}"}\n`,
];
