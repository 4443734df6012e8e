import { createHash } from 'node:crypto';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Diff } from '../../src/contract/change.ts';
import { TaskError } from '../../src/contract/task-error.ts';
import blockinfile from '../../src/modules/blockinfile.ts';
import copy from '../../src/modules/copy.ts';
import lineinfile from '../../src/modules/lineinfile.ts';
import { hostUnderTest } from '../support/run-module.ts';
import type { HostUnderTest, ModuleRun } from '../support/run-module.ts';
import { fleet, playOf } from './fleet.ts';

/** Names, kinds, modes, owners, times and contents of everything below a directory, as one hash. */
function treeHash(directory: string): string {
  const hash = createHash('sha256');
  for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' }).toSorted()) {
    const path = join(directory, name);
    const { mode, uid, gid, mtimeMs, ino } = lstatSync(path);
    hash.update(JSON.stringify([name, mode, uid, gid, mtimeMs, ino]));
    if ((mode & 0o170000) === 0o120000) hash.update(readlinkSync(path));
    if ((mode & 0o170000) === 0o100000) hash.update(readFileSync(path));
  }
  return hash.digest('hex');
}

const EVERYTHING = playOf(
  `    - {name: dir, file: {path: "{{ here }}/made/deep", state: directory, mode: '0750'}}
    - {name: file, copy: {dest: "{{ here }}/made/deep/conf", content: "a=1\\n"}, notify: told}
    - {name: line, lineinfile: {path: "{{ here }}/made/deep/lines", line: b=2, create: true}, notify: told}
    - {name: line of old, lineinfile: {path: "{{ here }}/old", regexp: '^a=', line: a=2}}
    - {name: block, blockinfile: {path: "{{ here }}/old", block: "one\\ntwo"}}
    - {name: link, file: {src: old, path: "{{ here }}/link", state: link}}
    - {name: mode, file: {path: "{{ here }}/old", mode: '0600'}}
    - {name: gone, file: {path: "{{ here }}/doomed", state: absent}}
    - {name: text, template: {src: t.j2, dest: "{{ here }}/text"}}
    - {name: once, shell: "echo x > {{ here }}/once", args: {creates: "{{ here }}/once"}}
`,
  '  handlers: [{name: told, shell: "echo told >> {{ here }}/told"}]\n',
);

function prepare(hosts: Awaited<ReturnType<typeof fleet>>): void {
  writeFileSync(join(hosts.directory, 't.j2'), 'host {{ inventory_hostname }}\n');
  for (const host of ['h1', 'h2']) {
    hosts.write(host, 'old', 'a=1\nend\n');
    mkdirSync(hosts.at(host, 'doomed'));
    hosts.write(host, 'doomed/x', 'x');
    symlinkSync('nowhere', hosts.at(host, 'doomed/link'));
  }
}

test('J1: a check changes nothing on any host, reports drift by its exit code, and predicts the diff of later tasks', async () => {
  const hosts = await fleet({ h1: {}, h2: {} });
  prepare(hosts);
  const before = ['h1', 'h2'].map((host) => treeHash(hosts.at(host)));
  const told = await hosts.run(EVERYTHING, { verb: 'check' });
  expect(told.code).toBe(3);
  expect(['h1', 'h2'].map((host) => treeHash(hosts.at(host)))).toEqual(before);
  expect(hosts.leftovers()).toEqual([]);
  expect(told.result('line of old', 'h1').diffs[0]).toMatchObject({ before: 'a=1\nend\n', after: 'a=2\nend\n' });
  expect(told.result('block', 'h1').diffs[0]).toMatchObject({ before: 'a=2\nend\n' });
  expect(told.result('once', 'h1').status).toBe('unknown');
});

test('J3: the second run changes nothing on each host and touches not one byte, time or inode', async () => {
  const hosts = await fleet({ h1: {}, h2: {} });
  prepare(hosts);
  const first = await hosts.run(EVERYTHING);
  expect(first.code).toBe(0);
  for (const host of ['h1', 'h2']) expect(hosts.read(host, 'told')).toBe('told\n');
  const after = ['h1', 'h2'].map((host) => treeHash(hosts.at(host)));
  const second = await hosts.run(EVERYTHING);
  expect([...second.recap.values()].map(({ changed, failed }) => [changed, failed])).toEqual([
    [0, 0],
    [0, 0],
  ]);
  expect(['h1', 'h2'].map((host) => treeHash(hosts.at(host)))).toEqual(after);
  expect((await hosts.run(EVERYTHING, { verb: 'check' })).code).toBe(0);
});

test('J4: a run that failed after a change still runs what the change notified, once the cause is mended', async () => {
  const hosts = await fleet({ h1: {} });
  const playbook = playOf(
    `    - {name: file, copy: {dest: "{{ here }}/conf", content: "a=1\\n"}, notify: told}
    - {name: breaks, command: "test -e {{ here }}/mended"}
`,
    '  force_handlers: true\n  handlers: [{name: told, shell: "echo told >> {{ here }}/told"}]\n',
  );
  expect((await hosts.run(playbook)).code).toBe(2);
  expect(hosts.read('h1', 'told')).toBe('told\n');
  hosts.write('h1', 'mended', '');
  expect((await hosts.run(playbook)).code).toBe(0);
});

const controller = {
  read: () => Promise.reject(new Error('no controller file')),
  render: () => Promise.reject(new Error('no template')),
  mode: () => Promise.reject(new Error('no controller file')),
  list: () => Promise.resolve(null),
  vars: () => Promise.resolve({}),
};
let host: HostUnderTest;
let root: string;
beforeAll(async () => {
  host = await hostUnderTest({ controller });
  root = mkdtempSync(join(tmpdir(), 'predicted-'));
});
afterAll(async () => {
  await host.close();
  rmSync(root, { recursive: true });
});

const line = fc.constantFrom(
  '',
  'a=1',
  'a=2',
  '#a=1',
  '  b',
  'c',
  'end',
  '# BEGIN ANSIBLE MANAGED BLOCK',
  '# END ANSIBLE MANAGED BLOCK',
  'é',
  '\tx',
  'a=1\r',
);
const content = fc
  .tuple(fc.array(line, { maxLength: 8 }), fc.boolean())
  .map(([lines, isEnded]) => lines.join('\n') + (isEnded && lines.length > 0 ? '\n' : ''));
const wanted = fc.constantFrom('a=1', 'a=3', 'new', 'c', 'é');
const place = fc.oneof(
  fc.constant({}),
  fc.constantFrom('^c$', '^a=', 'nothing', 'EOF').map((insertafter) => ({ insertafter })),
  fc.constantFrom('^c$', '^a=', 'nothing', 'BOF').map((insertbefore) => ({ insertbefore })),
);
const edit = fc.oneof(
  fc.record({
    name: fc.constant('lineinfile' as const),
    args: fc
      .tuple(wanted, fc.option(fc.constantFrom('^a=', '^#?a=', '^zzz'), { nil: undefined }), place)
      .map(([text, regexp, where]) => ({ line: text, ...(regexp !== undefined && { regexp }), ...where })),
  }),
  fc.record({
    name: fc.constant('lineinfile' as const),
    args: fc.constantFrom('^a=', '^#', 'end', 'nothing').map((regexp) => ({ regexp, state: 'absent' })),
  }),
  fc.record({
    name: fc.constant('blockinfile' as const),
    args: fc
      .tuple(fc.constantFrom('one', 'one\ntwo\n', ''), place, fc.constantFrom('present', 'absent'))
      .map(([block, where, state]) => ({ block, state, ...where })),
  }),
  fc.record({ name: fc.constant('copy' as const), args: content.map((text) => ({ content: text })) }),
);

const MODULES = { lineinfile, blockinfile, copy } as const;

test('J2: for 300 generated files and edits, a check predicts byte for byte what the run writes, or refuses as it does', async () => {
  let number = 0;
  await fc.assert(
    fc.asyncProperty(fc.option(content, { nil: undefined }), edit, async (before, { name, args }) => {
      const path = join(root, String((number += 1)));
      if (before !== undefined) writeFileSync(path, before);
      const all = name === 'copy' ? { dest: path, ...args } : { path, create: true, ...args };
      const predicted = await orRefusal(host.check(MODULES[name], all));
      expect(readIfThere(path)).toBe(before);
      const applied = await orRefusal(host.run(MODULES[name], all));
      if (typeof predicted === 'string' || typeof applied === 'string') {
        expect([applied, readIfThere(path)]).toEqual([predicted, before]);
        return;
      }
      const expected = predicted.diffs.flatMap(textAfter).at(-1);
      expect(readIfThere(path)).toBe(predicted.changes.length === 0 ? before : (expected ?? before));
      expect(applied.diffs).toEqual(predicted.diffs);
      expect(applied.remaining.map(({ kind }) => kind)).toEqual([]);
    }),
    { numRuns: 300, seed: 20261122 },
  );
});

/** What a module refuses to do, it must refuse in both. */
function orRefusal(run: Promise<ModuleRun>): Promise<ModuleRun | string> {
  return run.catch((error: unknown) => {
    if (error instanceof TaskError) return error.message;
    throw error;
  });
}

function textAfter(diff: Diff): readonly string[] {
  return diff.kind === 'text' && diff.after !== null ? [diff.after] : [];
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
