import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newKeyPair } from '../src/lab/keys.ts';
import { openDoor } from '../src/lab/ssh-door.ts';

/** Milliseconds in which a few small files are surely written and read. */
const DEADLINE_MS = 60_000;

/**
 * Leaves the bundle's compiled code beside it: takes a throwaway host, here behind an SSH server on loopback, through a first
 * and a converged run, since V8 keeps the code of what has run. Where that cannot be done tsplay only starts slower.
 */
export async function warmUp(bundle: string): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'tsplay-warm-up-'));
  try {
    const [server, client] = [newKeyPair('server'), newKeyPair('client')];
    const door = await openDoor({
      address: '127.0.0.1',
      port: 0,
      hostKey: server.privateKey,
      clientKey: client.publicKey,
      users: ['warm'],
      spawn: ({ command = 'sh' }) => ({ child: spawn('sh', ['-c', command]), noise: undefined }),
      faults: () => [],
    });
    try {
      writeFileSync(join(directory, 'key'), client.privateKey, { mode: 0o600 });
      writeFileSync(join(directory, 'known_hosts'), `[127.0.0.1]:${door.port} ${server.publicKey}\n`);
      writeFileSync(join(directory, 'hosts.ini'), inventory(directory, door.port));
      writeFileSync(join(directory, 'play.yaml'), playbook(join(directory, 'host')));
      await compile(bundle, directory);
    } finally {
      await door.close();
    }
  } catch (error) {
    console.warn(`tsplay will start slower: its code could not be compiled ahead (${String(error)})`);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Another process, because this one serves it; of the same Node, because V8 takes only its own code. */
async function compile(bundle: string, directory: string): Promise<void> {
  const words = ['run', join(directory, 'play.yaml'), '-i', join(directory, 'hosts.ini')];
  const child = spawn(process.execPath, [join(import.meta.dirname, 'compile.cjs'), bundle, ...words], {
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: DEADLINE_MS,
    // Nobody's ssh_config, variables or directory play a part.
    cwd: directory,
    env: { PATH: process.env.PATH, HOME: directory },
  });
  let complaint = '';
  child.stderr.on('data', (chunk) => (complaint += chunk));
  const code = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
  if (code !== 0) throw new Error(complaint.slice(0, 1000) || `exit code ${code}`);
}

function inventory(directory: string, port: number): string {
  return `warm ansible_host=127.0.0.1 ansible_port=${port} ansible_user=warm ansible_ssh_private_key_file=${directory}/key ansible_ssh_common_args="-o UserKnownHostsFile=${directory}/known_hosts"\n`;
}

/** What most playbooks are made of, twice: the second time nothing is left to do. */
function playbook(root: string): string {
  const tasks = `
    - file: {path: "{{ root }}", state: directory, mode: "0755"}
    - copy: {dest: "{{ root }}/copy", content: "value\\n", mode: "0644"}
    - lineinfile: {path: "{{ root }}/lines", line: "option={{ value }}", regexp: "^option=", create: true}
    - blockinfile: {path: "{{ root }}/block", block: "first\\nsecond {{ value | default('x') }}", create: true}
    - stat: {path: "{{ root }}/copy"}
      register: seen
    - debug: {msg: "{{ seen.stat.size }}"}
      when: seen.stat.exists
    - command: {argv: ["true"]}
      changed_when: false
    - file: {path: "{{ root }}/{{ item }}", state: touch, mode: "0600"}
      loop: [one, two]
`;
  return `- hosts: all
  gather_facts: false
  vars: &vars {root: ${JSON.stringify(root)}, value: "on"}
  tasks:${tasks}
- hosts: all
  gather_facts: false
  vars: *vars
  tasks:${tasks}`;
}
