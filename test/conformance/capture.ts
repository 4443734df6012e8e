/**
 * Runs every case with ansible-playbook and stores what it reported beside the case:
 * `node test/conformance/capture.ts [case…]`. Needs ansible-core 2.14 or later; the tests need only what is stored.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromAnsible } from './ansible-outcome.ts';
import { capturePath, type Case, readCases, withInventory, writeTree } from './case.ts';
import { filesBelow, type Outcome } from './outcome.ts';

const ENVIRONMENT = {
  ANSIBLE_STDOUT_CALLBACK: 'json',
  // The typing that later versions have without asking.
  ANSIBLE_JINJA2_NATIVE: 'True',
  ANSIBLE_PYTHON_INTERPRETER: '/usr/bin/python3',
  ANSIBLE_SSH_RETRIES: '0',
  ANSIBLE_NOCOLOR: '1',
};

function capture(one: Case): Outcome {
  const directory = mkdtempSync(join(tmpdir(), 'tsplay-conformance-'));
  try {
    writeTree(one, directory);
    const words = [...withInventory(one), '-c', 'local', 'site.yml'];
    const env = { ...process.env, ...ENVIRONMENT };
    const { status, stdout, stderr } = spawnSync('ansible-playbook', words, { cwd: directory, env, encoding: 'utf8' });
    const start = stdout.indexOf('{');
    if (start < 0) throw new Error(`${one.name}: ${stdout}${stderr}`);
    return fromAnsible(JSON.parse(stdout.slice(start)), status ?? -1, filesBelow(directory));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const wanted = process.argv.slice(2);
for (const one of readCases().filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
  try {
    writeFileSync(capturePath(one.name), `${JSON.stringify(capture(one), null, 2)}\n`);
    console.log(`captured ${one.name}`);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
