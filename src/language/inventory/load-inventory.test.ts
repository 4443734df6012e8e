import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { formatProblem, Problems } from '../../contract/problem.ts';
import { SecretRegistry } from '../../contract/secret.ts';
import { encryptVault, openVault } from '../vault/vault.ts';
import { positionOf, sourceTextOf } from '../yaml/positions.ts';
import { extendInventory } from './assemble.ts';
import { type LoadOptions, loadInventory } from './load-inventory.ts';
import type { Inventory } from './types.ts';

const fixtures = fileURLToPath(new URL('fixtures', import.meta.url));
let directory = '';

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'inventory-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

/** Writes files below the test's directory. */
function write(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    const path = join(directory, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    if (text.startsWith('#!')) chmodSync(path, 0o755);
  }
}

async function load(sources: readonly string[], options: Partial<LoadOptions> = {}) {
  const problems = new Problems();
  const inventory = await loadInventory(
    sources.map((source) => (source.includes(',') ? source : join(directory, source))),
    { problems, ...options },
  );
  const messages = () => problems.list.map((problem) => formatProblem(problem).replaceAll(`${directory}/`, ''));
  return { inventory, messages };
}

async function loadIni(text: string) {
  write({ hosts: text });
  return load(['hosts']);
}

function varsOf(inventory: Inventory, host: string, playbookDirectory?: string): Record<string, unknown> {
  return Object.assign({}, ...inventory.layersFor(host, playbookDirectory).map((layer) => layer.vars));
}

interface Captured {
  readonly _meta: { readonly hostvars: Readonly<Record<string, Readonly<Record<string, unknown>>>> };
}

/** Written by fixtures/capture-inventory.sh with Ansible. */
const captured = (name: string): Captured => JSON.parse(readFileSync(join(fixtures, `${name}.json`), 'utf8'));

/** Ansible keeps the priority of a group out of its variables. */
function withoutPriority({ ansible_group_priority: _, ...vars }: Record<string, unknown>): Record<string, unknown> {
  return vars;
}

test.each([
  ['typing', 'typing/hosts.ini', undefined],
  ['site', 'site/inventory', join(fixtures, 'site')],
])('gives every host of %s the variables that ansible-inventory gives', async (name, source, playbookDirectory) => {
  const problems = new Problems();
  const inventory = await loadInventory([join(fixtures, source)], { problems });
  const { hostvars } = captured(name)._meta;
  const actual = Object.keys(hostvars).map((host) => [
    host,
    withoutPriority(varsOf(inventory, host, playbookDirectory)),
  ]);
  expect(Object.fromEntries(actual)).toEqual(hostvars);
  expect(problems.list.filter(({ severity }) => severity === 'error')).toEqual([]);
});

test('ranks layers by level, lowest first', async () => {
  const inventory = await loadInventory([join(fixtures, 'site/inventory')], { problems: new Problems() });
  const levels = inventory.layersFor('gpu02', join(fixtures, 'site')).map(({ level }) => level);
  expect(new Set(levels)).toEqual(new Set([3, 4, 5, 6, 7, 8, 10]));
  expect(levels).toEqual(levels.toSorted((a, b) => a - b));
});

test('puts groups in merge order: all, depth, priority, name', async () => {
  const { inventory } = await loadIni(
    '[b]\nh\n[a]\nh\n[c]\nh\n[a:vars]\nansible_group_priority=5\n[top:children]\nc\n',
  );
  expect(inventory.hosts.get('h')?.groups).toEqual(['all', 'b', 'top', 'a', 'c']);
});

test('counts a host once however many groups hold it', async () => {
  const { inventory } = await loadIni('[a]\nh[1:3]\n[b]\nh[1:3]\nh1\n[c:children]\na\nb\n');
  expect(inventory.groups.get('c')?.hosts).toEqual(['h1', 'h2', 'h3']);
  expect(inventory.groups.get('all')?.hosts).toHaveLength(3);
  expect(inventory.groups.get('ungrouped')?.hosts).toEqual([]);
});

test('reads 10 000 hosts once each', async () => {
  const { inventory } = await loadIni('[gpu]\nn[00001:10000]\n[again:children]\ngpu\n');
  expect(inventory.hosts.size).toBe(10_000);
  expect(inventory.groups.get('all')?.hosts).toHaveLength(10_000);
});

test('reports groups that contain each other and goes on', async () => {
  const { inventory, messages } = await loadIni('[a]\nh\n[a:children]\nb\n[b:children]\nc\n[c:children]\na\n');
  expect(messages()).toEqual([
    expect.stringMatching(/^\S+:\d+:1: groups contain each other: a > b > c > a \(remove one/),
  ]);
  expect(inventory.groups.get('a')?.hosts).toEqual(['h']);
});

test('a section that is not closed is said, and what stands in it is not taken for hosts of another', async () => {
  const { inventory, messages } = await loadIni('[a]\nh1\n[b\nh2 x=1\n[c]\nh3\n');
  expect(messages()).toEqual([expect.stringMatching(/^\S+:3:1: the section \[b is not closed \(write \[b\]\)$/)]);
  expect([...inventory.hosts.keys()]).toEqual(['h1', 'h3']);
});

test('refuses all as a child', async () => {
  const { messages } = await loadIni('h\n[a:children]\nall\n');
  expect(messages()).toEqual([expect.stringMatching(/^\S+:3:1: groups contain each other: a > all \(/)]);
});

test('records where an INI variable stands and what was typed', async () => {
  const { inventory } = await loadIni('[gpu]\ngpu01 mode=0x1f\n[gpu:vars]\n  driver = 6.10\n');
  const [group, host] = inventory.layersFor('gpu01', undefined);
  expect(positionOf(group?.vars, 'driver')).toEqual({ file: join(directory, 'hosts'), line: 4, column: 3 });
  expect(sourceTextOf(group?.vars ?? {}, 'driver')).toBe('6.10');
  expect(positionOf(host?.vars, 'mode')).toMatchObject({ line: 2, column: 7 });
  expect([group?.source, host?.source]).toEqual([`${directory}/hosts [gpu:vars]`, `${directory}/hosts:2`]);
});

test.each([
  ['[gpu:var]\na=1\n', 'hosts:1:1: [gpu:var] is of an unknown kind (did you mean [gpu:vars]?)'],
  [
    '[gpu]\nh\n[gpus:vars]\na=1\n',
    'hosts:3:1: [gpus:vars] names the group `gpus`, which does not exist (did you mean `gpu`?)',
  ],
  ['[x:children]\ngpu\n', 'hosts:2:1: [x:children] names the group `gpu`, which does not exist (declare it: [gpu])'],
  ['[a b]\nh\n', 'hosts:1:1: [a b] is not a section (write [group], [group:vars] or [group:children])'],
  ['h x\n', 'hosts:1:3: expected name=value, found "x" (quote values that hold blanks)'],
  ['h x="1\n', 'hosts:1:1: the quote " is not closed'],
  ['h q=a#b x=1\n', 'hosts:1:6: # begins a comment even inside a word (quote the value to keep it)'],
  ['[all:vars]\nx\n', 'hosts:2:1: expected name=value, found "x"'],
  ['[all:vars]\nx=1\nx=2\n', 'hosts:3:1: `x` is set twice, first in line 2; this one counts'],
  ['h[1:3] ansible_hots=1\n', 'hosts:1:8: `ansible_hots` has no meaning of its own (did you mean ansible_host?)'],
  ['h my-var=1\n', 'hosts:1:3: `my-var` is not a variable name'],
  ['-oProxyCommand=id\n', 'hosts:1:1: "-oProxyCommand=id" is not a host name (use letters, digits, `-`, `_` and `.`)'],
  ['h;reboot\n', 'hosts:1:1: "h;reboot" is not a host name (use letters, digits, `-`, `_` and `.`)'],
  [
    '[../x]\nh\n',
    'hosts:1:1: "../x" is not a group name (use letters, digits, `-`, `_` and `.`, beginning with a letter or digit)',
  ],
  ['[gpu:vars]\nansible_group_priority=high\n[gpu]\n', 'hosts:2:1: ansible_group_priority must be a whole number'],
  ['[web]\nweb\n', '`web` is both a host and a group (patterns mean the group: rename one)'],
])('reports the mistake in %j', async (text, message) => {
  expect((await loadIni(text)).messages()).toEqual([message]);
});

test.each([
  ['gpu: {host: {h: }}', 'hosts.yml:1:7  gpu.host: unknown key `host` in a group (did you mean `hosts`?)'],
  [
    'gpu:\n  hosts:\n    - h\n',
    'hosts.yml:3:5  gpu.hosts: `hosts` must be a mapping (end each name with a colon instead of beginning it with a dash)',
  ],
  ['- gpu\n', 'hosts.yml:1:1: an inventory must be a mapping of groups'],
  [
    'plugin: openstack\n',
    'hosts.yml:1:1: inventory plugins are not supported (give an executable that answers --list with JSON)',
  ],
  ['gpu: {hosts: {h: 1}}', "hosts.yml:1:15  gpu.hosts.h: a host's variables must be a mapping"],
  ['gpu: {hosts: {h;x: }}', 'hosts.yml:1:15: "h;x" is not a host name (use letters, digits, `-`, `_` and `.`)'],
  ['gpu: 1', 'hosts.yml:1:1  gpu: a group must be a mapping (of hosts, children and vars)'],
])('reports the mistake in YAML %j', async (text, message) => {
  write({ 'hosts.yml': text });
  expect((await load(['hosts.yml'])).messages()).toEqual([message]);
});

test('leaves facts and own variables alone', async () => {
  const names = ['ansible_facts', 'ansible_distribution', 'ansible_env', 'ansible_user', 'hots', 'ansible_os_family'];
  expect((await loadIni(`h ${names.map((name) => `${name}=1`).join(' ')}\n`)).messages()).toEqual([]);
});

test('takes a lone host name, as Ansible does', async () => {
  write({ 'hosts.yml': 'gpu: {hosts: h1}' });
  expect((await load(['hosts.yml'])).inventory.groups.get('gpu')?.hosts).toEqual(['h1']);
});

test('tells YAML from INI where the name does not', async () => {
  write({
    a: '---\nall: {hosts: {y1: }}\n',
    b: '# x\nall:\n  hosts:\n    y2:\n',
    c: 'i1 a=1\n',
    d: '{"all": {"hosts": {"j1": {}}}}',
  });
  const { inventory, messages } = await load(['a', 'b', 'c', 'd']);
  expect([...inventory.hosts.keys()]).toEqual(['y1', 'y2', 'i1', 'j1']);
  expect(messages()).toEqual([]);
});

test('reads literal lists, with ranges and ports', async () => {
  const { inventory } = await load(['gpu[1:2],web:2222,'], { extraHosts: ['more'] });
  expect(inventory.groups.get('ungrouped')?.hosts).toEqual(['gpu1', 'gpu2', 'web', 'more']);
  expect(varsOf(inventory, 'web')).toEqual({ ansible_port: 2222 });
});

test('reports an inventory that does not exist', async () => {
  const { messages } = await load(['nope']);
  expect(messages()).toEqual([
    `the inventory ${directory}/nope does not exist (a list of hosts needs a comma: host1,)`.replace(
      `${directory}/`,
      '',
    ),
  ]);
});

test('lets later sources win and finds the vars beside each', async () => {
  write({
    'one/hosts': '[gpu]\nh\n[gpu:vars]\na=1\nb=1\n',
    'one/group_vars/gpu.yml': 'c: 1\nd: 1\n',
    'two/hosts': '[gpu]\nh\n[gpu:vars]\nb=2\n',
    'two/group_vars/gpu.yml': 'd: 2\n',
  });
  const { inventory } = await load(['one/hosts', 'two/hosts']);
  expect(varsOf(inventory, 'h')).toEqual({ a: 1, b: 2, c: 1, d: 2 });
});

test('gives the implicit localhost the variables of all, and other unknown hosts none', async () => {
  write({ hosts: 'h\n[all:vars]\na=1\n', 'group_vars/all.yml': 'b: 2', 'host_vars/localhost.yml': 'c: 3' });
  const { inventory } = await load(['hosts']);
  expect(varsOf(inventory, 'localhost')).toEqual({ a: 1, b: 2, c: 3, ansible_connection: 'local' });
  expect(inventory.layersFor('nope', undefined)).toEqual([]);
  expect(inventory.groups.get('all')?.hosts).toEqual(['h']);
});

test('warns of a vars file that another hides, and of one that belongs to no group', async () => {
  write({
    hosts: '[gpu]\nh\n',
    'group_vars/gpu/a.yml': 'a: 1',
    'group_vars/gpu.yml': 'a: 2',
    'group_vars/gpus.yml': 'a: 3',
  });
  const { inventory, messages } = await load(['hosts']);
  expect(varsOf(inventory, 'h')).toEqual({ a: 1 });
  expect(messages()).toEqual([
    'group_vars/gpus.yml:1:1: belongs to no group (did you mean gpu?)',
    `group_vars/gpu.yml:1:1: not read, because group_vars/gpu exists (merge the two)`,
  ]);
});

test('reports a broken vars file once, whoever asks', async () => {
  write({ hosts: 'a\nb\n', 'group_vars/all.yml': '- x\n' });
  const { inventory, messages } = await load(['hosts']);
  for (const host of ['a', 'b', 'a']) inventory.layersFor(host, undefined);
  for (const name of [directory, relative('.', directory)]) inventory.layersFor('a', name);
  expect(messages()).toEqual(['group_vars/all.yml:1:1: a file of variables must be a mapping']);
});

test('decrypts vars files and masks what is in them', async () => {
  const password = { id: 'default', password: 'swordfish' };
  write({ hosts: 'h\n', 'group_vars/all.yml': encryptVault('db: {password: correct-horse, pin: 90210}\n', password) });
  const secrets = new SecretRegistry();
  const { inventory } = await load(['hosts'], { vaultDecrypt: openVault([password], secrets).decrypt });
  expect(varsOf(inventory, 'h')).toEqual({ db: { password: 'correct-horse', pin: 90210 } });
  expect(secrets.mask('p=correct-horse 90210')).toBe('p=******** ********');
});

test('reports an encrypted file without a password, and with a wrong one', async () => {
  write({ hosts: 'h\n', 'group_vars/all.yml': encryptVault('a: 1', { id: 'prod', password: 'x' }) });
  const without = await load(['hosts']);
  without.inventory.layersFor('h', undefined);
  expect(without.messages()).toEqual(['group_vars/all.yml:1:1: the file is encrypted (give its vault password)']);
  const { decrypt } = openVault([{ id: 'dev', password: 'y' }], new SecretRegistry());
  const wrong = await load(['hosts'], { vaultDecrypt: decrypt });
  wrong.inventory.layersFor('h', undefined);
  expect(wrong.messages()[0]).toMatch(
    /cannot be read: encrypted with the vault id `prod`: no vault password fits \(tried: dev\)/,
  );
});

test('extends an inventory without touching it', async () => {
  write({ hosts: '[gpu]\ng1\n[gpu:vars]\na=1\n', 'group_vars/new.yml': 'b: 2' });
  const { inventory } = await load(['hosts']);
  const problems = new Problems();
  const vars = { vars: { c: 3 }, source: 'add_host' };
  const larger = extendInventory(
    inventory,
    [
      { host: 'g2', groups: ['gpu', 'new'], vars },
      { host: 'g1', groups: ['new'] },
    ],
    problems,
  );
  expect(varsOf(larger, 'g2')).toEqual({ a: 1, b: 2, c: 3 });
  expect(larger.groups.get('new')?.hosts).toEqual(['g2', 'g1']);
  expect(larger.groups.get('ungrouped')?.hosts).toEqual([]);
  expect([...inventory.hosts.keys(), inventory.groups.has('new')]).toEqual(['g1', false]);
  extendInventory(
    larger,
    [
      { host: '-oProxyCommand=id', groups: [] },
      { host: 'h', groups: ['a/b'] },
    ],
    problems,
  );
  expect(problems.list.map(({ message }) => message)).toEqual([
    '"-oProxyCommand=id" is not a host name',
    '"a/b" is not a group name',
  ]);
});

test('asks a script for each host when it has no _meta', async () => {
  write({
    script: `#!/bin/sh\nif [ "$1" = --list ]; then echo '{"g": ["h1", "h2"]}'; else echo "{\\"me\\": \\"$2\\"}"; fi\n`,
  });
  const { inventory, messages } = await load(['script']);
  expect([varsOf(inventory, 'h1'), varsOf(inventory, 'h2')]).toEqual([{ me: 'h1' }, { me: 'h2' }]);
  expect(messages()).toEqual([]);
});

test.each([
  ['#!/bin/sh\necho oops >&2; exit 3\n', /it failed with 3: oops/],
  ['#!/bin/sh\necho "{"\n', /its answer to --list is not JSON, but begins with "\{"/],
  ['#!/bin/sh\necho "[1]"\n', /its answer is not an inventory/],
  ['#!/bin/sh\necho "{\\"g\\": {\\"hosts\\": 1}}"\n', /its answer is not an inventory/],
  ['#!/bin/sh\necho "{\\"g\\": [\\"-oProxyCommand=id\\"]}"\n', /"-oProxyCommand=id" is not a host name/],
  ['#!/bin/sh\nsleep 60 & sleep 60\n', /no answer after 0.3 s/],
  ['#!/bin/sh\nyes\n', /more than 100000 bytes/],
  ['#!/nonexistent\n', /it cannot be started/],
])('reports what is wrong with the script %j', async (text, message) => {
  write({ script: text });
  const { messages } = await load(['script'], { script: { deadline: 300, output: 100_000 } });
  expect(messages()).toEqual([expect.stringMatching(message)]);
});

test('reports a script that may not be executed', async () => {
  write({ script: '#!/bin/sh\n' });
  chmodSync(join(directory, 'script'), 0o644);
  expect((await load(['script'])).messages()[0]).toMatch(
    /^script:1:1: the inventory script may not be executed \(chmod \+x/,
  );
});

test('keeps __proto__ of a script and of an INI file as data', async () => {
  write({
    script: `#!/bin/sh\necho '{"g": {"hosts": ["h"], "vars": {"__proto__": {"polluted": 1}}}, "_meta": {"hostvars": {}}}'\n`,
    hosts: 'h __proto__=1\n',
  });
  const { inventory } = await load(['script', 'hosts']);
  inventory.layersFor('h', undefined);
  expect('polluted' in {}).toBe(false);
});
