import { execFileSync } from 'node:child_process';
import { existsSync, linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type Played, play, workspace } from '../support/play.ts';

const isRoot = process.getuid?.() === 0;

/** `statuses` are of the check; the run of the same tasks on the same files comes after it. */
async function checkedThenRun(tasks: string, prepare: (directory: string) => void = () => {}) {
  const directory = workspace({ 't.j2': 'text\n', 'site.yaml': playbook(tasks) });
  prepare(directory);
  const call = { inventory: ['h1,'], connection: 'local' } as const;
  const check = await play(join(directory, 'site.yaml'), { mode: 'check', ...call });
  const run = await play(join(directory, 'site.yaml'), call);
  return { check: told(check), run: told(run), checked: check };
}

function playbook(tasks: string): string {
  return `- hosts: all\n  gather_facts: false\n  vars: {out: "{{ playbook_dir }}/out"}\n  tasks:\n${tasks}`;
}

function told(played: Played): readonly string[] {
  expect(played.problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  return played.events.flatMap((event) =>
    event.type === 'task.finished' ? [`${event.task.name} ${event.result.status} ${event.result.message ?? ''}`] : [],
  );
}

test.each([
  ['copy', 'copy: {dest: "{{ out }}/gone/f", content: x}'],
  ['template', 'template: {dest: "{{ out }}/gone/f", src: t.j2}'],
  ['touch', 'file: {path: "{{ out }}/gone/f", state: touch}'],
  ['link', 'file: {path: "{{ out }}/gone/l", src: /etc, state: link}'],
])('%s into a directory that does not exist fails in check mode with the words of the run', async (_, task) => {
  const { check, run } = await checkedThenRun(`    - ${task}\n`);
  expect(check[0]).toMatch(/failed .*: its directory does not exist$/);
  expect(check).toEqual(run);
});

test('a directory that an earlier task of the check planned is there, also behind a link it planned', async () => {
  const { check } = await checkedThenRun(
    `    - {name: dir, file: {path: "{{ out }}/a/b", state: directory}}
    - {name: file, copy: {dest: "{{ out }}/a/b/f", content: x}}
    - {name: link, file: {path: "{{ out }}/l", src: a, state: link, force: true}}
    - {name: behind, copy: {dest: "{{ out }}/l/b/g", content: x}}
    - {name: tree, copy: {src: ./, dest: "{{ out }}/tree/"}}
`,
  );
  expect(check.map((line) => line.trim())).toEqual([
    'dir changed',
    'file changed',
    'link changed',
    'behind changed',
    'tree changed',
  ]);
});

test('a directory that an earlier task of the check removes is not there', async () => {
  const { check, run } = await checkedThenRun(
    `    - {name: gone, file: {path: "{{ out }}", state: absent}}
    - {name: file, copy: {dest: "{{ out }}/f", content: x}}
`,
    (directory) => mkdirSync(join(directory, 'out')),
  );
  expect(check[1]).toMatch(/file failed .*its directory does not exist/);
  expect(run).toEqual(check);
});

test('after a command that check mode did not run, a missing directory is unknown, and what would be written is foreseen', async () => {
  const { check, checked } = await checkedThenRun(
    `    - {name: made, command: "mkdir -p {{ out }}"}
    - {name: file, copy: {dest: "{{ out }}/f", content: "a\\n"}}
    - {name: line, lineinfile: {path: "{{ out }}/f", line: a}}
`,
  );
  expect(check[1]).toMatch(/file unknown .*its directory does not exist, unless an earlier task/);
  expect(check[2]).toMatch(/line ok/);
  expect(checked.results('file').get('h1')?.diffs).toMatchObject([{ kind: 'text', after: 'a\n' }]);
});

test('a task with check_mode of its own says what a run would say', async () => {
  const { run } = await checkedThenRun(
    '    - {name: file, copy: {dest: "{{ out }}/f", content: x}, check_mode: true}\n',
  );
  expect(run[0]).toMatch(/file failed .*its directory does not exist/);
});

test('a link does not replace a directory that is not empty, in check mode as in the run', async () => {
  const task = '    - {name: link, file: {path: "{{ out }}", src: /etc, state: link, force: true}}\n';
  const { check, run } = await checkedThenRun(task, (directory) => {
    mkdirSync(join(directory, 'out'));
    writeFileSync(join(directory, 'out', '.hidden'), '');
  });
  expect(check[0]).toMatch(/link failed .*: the directory there is not empty$/);
  expect(run).toEqual(check);
  const empty = await checkedThenRun(task, (directory) => mkdirSync(join(directory, 'out')));
  expect(empty.check).toEqual(['link changed ']);
  expect(empty.run).toEqual(['link changed ']);
});

const WRITES = `    - {name: file, copy: {dest: "{{ out }}/f", content: x}, ignore_errors: true}
    - {name: old, copy: {dest: "{{ out }}/old", content: x}, ignore_errors: true}
    - {name: mode, file: {path: "{{ out }}/old", mode: '0600'}, ignore_errors: true}
    - {name: made, file: {path: "{{ out }}/d", state: directory}, ignore_errors: true}
    - {name: link, file: {path: "{{ out }}/l", src: old, state: link}, ignore_errors: true}
    - {name: gone, file: {path: "{{ out }}/old", state: absent}, ignore_errors: true}
    - {name: same, copy: {dest: "{{ out }}/old", content: "old"}}
`;

test.runIf(isRoot)(
  'on a read-only file system a check fails where the run fails, and what is right is ok',
  async () => {
    const { check, run } = await checkedThenRun(WRITES, (directory) => {
      const out = join(directory, 'out');
      mkdirSync(out);
      execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', out]);
      onTestFinished(() => void execFileSync('umount', [out]));
      writeFileSync(join(out, 'old'), 'old');
      execFileSync('mount', ['-o', 'remount,ro', out]);
    });
    expect(check.slice(0, 6).filter((line) => !/failed .*: the file system is read-only$/.test(line))).toEqual([]);
    expect(check[6]).toBe('same ok ');
    expect(run).toEqual(check);
  },
);

test.runIf(isRoot)(
  'a file that is a mount point is not replaced, in check mode as in the run; a link to one is',
  async () => {
    const { check, run } = await checkedThenRun(
      `    - {name: write, copy: {dest: "{{ out }}/f", content: new}, ignore_errors: true}
    - {name: mode, file: {path: "{{ out }}/f", mode: '0600'}}
    - {name: link, file: {path: "{{ out }}/l", src: g, state: link}}
`,
      (directory) => {
        const out = join(directory, 'out');
        mkdirSync(out);
        for (const name of ['f', 'g']) writeFileSync(join(out, name), name);
        execFileSync('ln', ['-s', 'f', join(out, 'l')]);
        execFileSync('mount', ['--bind', join(out, 'g'), join(out, 'f')]);
        onTestFinished(() => void execFileSync('umount', [join(out, 'f')]));
      },
    );
    expect(check[0]).toMatch(/write failed .*is a mount point, which cannot be replaced atomically$/);
    expect(check.slice(1)).toEqual(['mode changed ', 'link changed ']);
    expect(run).toEqual(check);
  },
);

test('after a planned mode a file and its directory are still known', async () => {
  const { check } = await checkedThenRun(
    `    - {name: mode, file: {path: "{{ out }}/f", mode: '0600'}}
    - {name: again, file: {path: "{{ out }}/f", mode: '0600'}}
    - {name: content, copy: {dest: "{{ out }}/f", content: old, mode: '0600'}}
    - {name: looked, stat: {path: "{{ out }}/f"}, register: found}
    - {name: shown, assert: {that: "found.stat.mode == '0600' and found.stat.size == 3 and 'inode' not in found.stat"}}
    - {name: line, lineinfile: {path: "{{ out }}/f", line: old}}
    - {name: tree, file: {path: "{{ out }}", state: directory, recurse: true, mode: u=rwX}}
`,
    (directory) => {
      mkdirSync(join(directory, 'out'));
      writeFileSync(join(directory, 'out', 'f'), 'old');
    },
  );
  expect(check.map((line) => line.trim())).toEqual([
    'mode changed',
    'again ok',
    'content ok',
    'looked ok',
    'shown ok',
    'line ok',
    'tree ok',
  ]);
});

test('two files that were only planned are not taken for one, and one whose mode was planned stays the one it is', async () => {
  const { check, run } = await checkedThenRun(
    `    - {name: mode, file: {path: "{{ out }}/a", mode: '0600'}}
    - {name: same, file: {path: "{{ out }}/b", src: "{{ out }}/a", state: hard}}
    - {name: third, file: {path: "{{ out }}/e", src: "{{ out }}/a", state: hard, mode: '0600'}}
    - {name: again, file: {path: "{{ out }}/e", src: "{{ out }}/a", state: hard}}
    - {name: source, copy: {dest: "{{ out }}/a", content: a}}
    - {name: new, copy: {dest: "{{ out }}/c", content: x}}
    - {name: newer, copy: {dest: "{{ out }}/d", content: x}}
    - {name: hard, file: {path: "{{ out }}/c", src: "{{ out }}/d", state: hard}}
`,
    (directory) => {
      const out = join(directory, 'out');
      mkdirSync(out);
      writeFileSync(join(out, 'a'), 'a');
      linkSync(join(out, 'a'), join(out, 'b'));
    },
  );
  expect(check.map((line) => line.split(' ', 2).join(' '))).toEqual([
    'mode changed',
    'same ok',
    'third changed',
    'again ok',
    'source ok',
    'new changed',
    'newer changed',
    'hard failed',
  ]);
  expect(run).toEqual(check);
});

test('a link into itself is a circle, which readlink of coreutils would follow for ever', async () => {
  const { check, run } = await checkedThenRun(
    '    - {name: line, lineinfile: {path: "{{ out }}/l/f", line: x, create: true}}\n',
    (directory) => {
      mkdirSync(join(directory, 'out'));
      symlinkSync(join(directory, 'out/l/f'), join(directory, 'out/l'));
    },
  );
  expect(check[0]).toMatch(/line failed .*is a symbolic link that leads back to itself/);
  expect(run).toEqual(check);
});

test.runIf(existsSync('/usr/bin/dpkg-query'))(
  'what a planned package or service may do is no failure foretold',
  async () => {
    const directory = workspace({
      'site.yaml': playbook(`    - {name: package, package: {name: dash, state: absent}}
    - {name: file, copy: {dest: "{{ out }}/gone/f", content: x}}
`),
    });
    const checked = await play(join(directory, 'site.yaml'), {
      mode: 'check',
      inventory: ['h1,'],
      connection: 'local',
    });
    expect(told(checked)).toEqual([
      'package changed ',
      expect.stringMatching(/^file unknown .*does not exist, unless an earlier task/),
    ]);
  },
);
