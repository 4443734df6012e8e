import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { formatProblem } from '../../src/contract/problem.ts';
import { play } from '../support/play.ts';
import { emptyDirectory, startProgram } from './program.ts';
import { playOf } from './fleet.ts';

type Files = Readonly<Record<string, string | Uint8Array>>;

function project(files: Files): string {
  const directory = emptyDirectory();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), content);
  }
  return directory;
}

/** In this process; starting the program would show nothing more. */
function playIn(files: Files, more: Partial<Parameters<typeof play>[1]> = {}) {
  return play(join(project(files), 'site.yaml'), { inventory: ['h1,h2,'], connection: 'local', ...more });
}

/** Refused before the first event, hence before any host was contacted. */
async function refused(files: Files, more: Partial<Parameters<typeof play>[1]> = {}): Promise<string> {
  const played = await playIn(files, more);
  expect([played.exitCode, played.events]).toEqual([1, []]);
  return played.problems.map(formatProblem).join('\n');
}

async function here(tasks: string, vars: Readonly<Record<string, unknown>> = {}, files: Files = {}) {
  const directory = project({ ...files, 'site.yaml': playOf(tasks) });
  return play(join(directory, 'site.yaml'), {
    inventory: ['h1,'],
    connection: 'local',
    extraVars: [JSON.stringify({ directory, ...vars })],
  });
}

const OK = playOf('    - {name: fine, debug: {msg: hi}}\n');

test('G1: an alias bomb is refused by its aliases, wherever it stands, in little time and memory', async () => {
  const levels = ['a: &a [x,x,x,x,x,x,x,x,x]'];
  for (let level = 1; level < 9; level += 1) {
    const [name, inner] = ['abcdefghi'[level], 'abcdefghi'[level - 1]];
    levels.push(`${name}: &${name} [${Array(9).fill(`*${inner}`).join(',')}]`);
  }
  const bomb = levels.join('\n');
  const said = await Promise.all([
    refused({ 'site.yaml': OK, 'group_vars/all.yaml': bomb }),
    refused({
      'site.yaml': playOf('    - {name: fine, debug: {msg: hi}}\n', `  vars:\n${bomb.replace(/^/gm, '    ')}\n`),
    }),
  ]);
  for (const text of said) expect(text).toMatch(/yaml:\d+:\d+.*aliases counted/);
});

test('G1b: a file of variables that cannot be read or decrypted is an error before any host is contacted, not a host without them', async () => {
  const vault = '$ANSIBLE_VAULT;1.1;AES256\n6162\n';
  expect(await refused({ 'site.yaml': OK, 'group_vars/all.yaml': 'a: [1\n' })).toMatch(/group_vars\/all\.yaml:\d+:\d+/);
  expect(await refused({ 'site.yaml': OK, 'host_vars/h2.yaml': vault })).toMatch(
    /host_vars\/h2\.yaml.*(password|vault)/i,
  );
  const untouched = await playIn({ 'site.yaml': OK, 'host_vars/h2.yaml': vault }, { limit: 'h1' });
  expect(untouched.exitCode).toBe(0);
});

test('G2: 20 000 brackets are a mistake with its place, not the end of the program', async () => {
  expect(await refused({ 'site.yaml': `- hosts: all\n  vars: {a: ${'['.repeat(20_000)}}\n` })).toMatch(
    /site\.yaml:2:\d+.*(deep|nest|depth)/i,
  );
});

test('G3: a file of 100 MB is refused by its size', async () => {
  const started = performance.now();
  const said = await refused({ 'site.yaml': OK, 'group_vars/all.yaml': Buffer.alloc(100 * 1024 * 1024, 'a: b\n') });
  expect(said).toMatch(/all\.yaml.*longer than \d+ bytes/);
  expect(performance.now() - started).toBeLessThan(15_000);
});

test('G4: a key that stands twice is an error with both places', async () => {
  const said = await refused({
    'site.yaml': playOf(
      '    - name: fine\n      debug: {msg: hi}\n      vars: {a: 1, b: 2, a: 3}\n',
      '  serial: 1\n  serial: 2\n',
    ),
  });
  expect(said).toMatch(/site\.yaml:\d+:\d+.*\ba\b.*(twice|duplicate|already)/i);
  expect(said).toMatch(/serial.*(twice|duplicate|already)/i);
});

test('G5: __proto__, constructor and prototype are data or refused, also under <<, and change no object of ours', async () => {
  const played = await playIn({
    'site.yaml': `- hosts: all
  gather_facts: false
  vars:
    base: &base {"__proto__": {polluted: yes}}
    merged: {<<: *base, constructor: c, prototype: p}
  tasks:
    - {name: own, debug: {msg: "{{ merged.constructor }} {{ merged.prototype }}"}}
    - {name: leaked, debug: {msg: "{{ merged.polluted | default('clean') }} {{ {}.polluted | default('clean') }}"}}
`,
  });
  if (played.exitCode === 1) expect(played.problems.map(formatProblem).join()).toMatch(/site\.yaml:4:\d+.*__proto__/);
  else {
    expect(played.results('own').get('h1')?.values.msg).toBe('c p');
    expect(played.results('leaked').get('h1')?.values.msg).toBe('clean clean');
  }
  expect(Object.keys(Object.prototype)).toEqual([]);
});

test('G7: a mode is what was written: 0644 and 0o644 are octal, and a decimal that cannot be meant is refused', async () => {
  const { results } = await here(`    - {name: octal, file: {path: "{{ directory }}/a", state: touch, mode: 0640}}
    - {name: text, file: {path: "{{ directory }}/b", state: touch, mode: '0640'}}
    - {name: see, shell: "stat -c %a {{ directory }}/a {{ directory }}/b"}
`);
  expect(results('see').get('h1')?.values.stdout).toBe('640\n640');
  expect(
    await refused({
      'site.yaml': playOf(
        '    - {name: bad, file: {path: /x, state: touch, mode: 1204}}\n    - {name: worse, file: {path: /x, state: touch, mode: 0999}}\n',
      ),
    }),
  ).toMatch(/mode/);
});

test('G8: values that YAML would bend keep their text where it matters, and a warning names those that lose it', async () => {
  const files = {
    'site.yaml': playOf(
      `    - {name: module, kernel-module: {name: vfio-pci, params: {ids: 10de:1e30, a: 1e07, b: 0755, c: 10:00.0, d: 6.10}}}
    - {name: nova, nova-conf: {path: "{{ playbook_dir }}/nova.conf", create: true, cross_check: false, release: "2025.1", service: nova-compute, pci: {device_spec: {contains: [{vendor_id: 10de, product_id: 1e30}]}}}}
    - {name: line, lineinfile: {path: "{{ playbook_dir }}/l", line: 6.10, create: true}}
    - {name: words, command: {argv: [echo, "{{ gpu }}"]}}
`,
      '  vars: {gpu: 1e30, kernel: 6.10}\n',
    ),
  };
  const directory = project(files);
  const told = await startProgram(['check', 'site.yaml', '-i', 'h1,', '-c', 'local', '-o', 'json'], { cwd: directory })
    .ended;
  const shown = (task: string) => JSON.stringify(told.result(task, 'h1').diffs);
  expect(shown('module')).toContain('options vfio_pci ids=10de:1e30 a=1e07 b=0755 c=10:00.0 d=6.10');
  expect(shown('nova')).toContain('1e30');
  expect(shown('line')).toContain('6.10');
  expect(told.result('words', 'h1').actions.join()).toContain('echo 1e30');
  expect(told.stderr).toMatch(/site\.yaml:4:\d+ .*kernel: YAML reads 6\.10 as the number 6\.1/);
});

test('G9: a condition that is not true or false is an error, whatever text it is, and the task does not run', async () => {
  for (const condition of ['"\'false\'"', '"1"', '"\'0\'"', '"\'\'"', 'word', '"[1]"']) {
    const played = await here(
      `    - {name: guarded, command: "touch {{ directory }}/ran", when: ${condition}}\n    - {name: see, stat: {path: "{{ directory }}/ran"}, ignore_errors: true}\n`,
      { word: 'false' },
    );
    expect([condition, played.results('guarded').get('h1')?.status ?? 'refused']).toEqual([
      condition,
      played.exitCode === 1 ? 'refused' : 'failed',
    ]);
  }
  const skipped = await here(
    '    - {name: guarded, command: touch /nowhere/ran, when: "false"}\n    - {name: words, command: touch /nowhere/ran, when: no}\n',
  );
  expect(skipped.log).toEqual(['guarded@h1 skipped', 'words@h1 skipped']);
  expect(skipped.exitCode).toBe(0);
});

test('G10: tabs, UTF-16, NUL bytes and a lone carriage return give an error with a place; a BOM does not', async () => {
  expect(await refused({ 'site.yaml': '- hosts: all\n\ttasks: []\n' })).toMatch(/site\.yaml:2:\d+.*tab/i);
  expect(await refused({ 'site.yaml': Buffer.from(`\ufeff${OK}`, 'utf16le') })).toMatch(/site\.yaml.*UTF-(8|16)/);
  expect(await refused({ 'site.yaml': `${OK}# \0\n` })).toMatch(/site\.yaml:\d+/);
  expect((await playIn({ 'site.yaml': `\ufeff${OK}` })).exitCode).toBe(0);
});

describe('G11: controller paths', () => {
  test('an include that is no task file is refused without showing what is in it', async () => {
    const said = await refused({
      'site.yaml': playOf('    - {name: steal, import_tasks: ../../../../../../etc/shadow}\n'),
    });
    expect(said).not.toMatch(/root:|\$y\$|\*:/);
    expect(said).toMatch(/site\.yaml:\d+:\d+/);
  });

  test('a path that a host made up leads nowhere outside the project, and its text is never a template', async () => {
    const directory = project({
      'secret.yaml': '- {name: stolen, debug: {msg: stolen}}\n',
      'play/site.yaml': playOf(`    - {name: host says, command: {argv: [printf, '%s', "{{ path }}"]}, register: said}
    - block: [{name: tasks, include_tasks: "{{ said.stdout }}"}]
      rescue: [{name: no tasks, debug: {msg: x}}]
    - block: [{name: role, include_role: {name: "{{ said.stdout }}"}}]
      rescue: [{name: no role, debug: {msg: x}}]
    - {name: hostile, shell: "printf %s '{' '{ 7*7 }' '}'", register: template}
    - {name: text, debug: {msg: "{{ template.stdout }}"}}
`),
    });
    for (const path of ['../secret.yaml', join(directory, 'secret.yaml')]) {
      const played = await play(join(directory, 'play/site.yaml'), {
        inventory: ['h1,'],
        connection: 'local',
        extraVars: [JSON.stringify({ path })],
      });
      expect(played.problems).toEqual([]);
      expect(played.results('tasks').get('h1')?.message).toMatch(/outside/);
      expect(played.results('role').get('h1')?.status).toBe('failed');
      expect(played.results('text').get('h1')?.values.msg).toBe('{{ 7*7 }}');
    }
  });

  test('a role directory that is a link works or is refused by name, never half', async () => {
    const directory = project({
      'site.yaml': `- hosts: all\n  gather_facts: false\n  roles: [linked]\n`,
      'elsewhere/tasks/main.yaml': '- {name: in role, debug: {msg: hi}}\n',
    });
    mkdirSync(join(directory, 'roles'));
    symlinkSync('../elsewhere', join(directory, 'roles/linked'));
    const played = await play(join(directory, 'site.yaml'), { inventory: ['h1,'], connection: 'local' });
    expect(played.log).toEqual(['in role@h1 ok']);
  });
});

test('G13: host names that would mean something to ssh, a shell or a path are refused by the inventory', async () => {
  for (const name of [
    '-oProxyCommand=touch /tmp/pwned',
    'h;reboot',
    '../h',
    'xn--bcher-kva',
    'fe80::1%eth0',
    '$(reboot)',
  ]) {
    const directory = project({ 'site.yaml': OK, 'hosts.yaml': JSON.stringify({ all: { hosts: { [name]: {} } } }) });
    const played = await play(join(directory, 'site.yaml'), { inventory: [join(directory, 'hosts.yaml')] });
    expect([played.exitCode, played.events]).toEqual([1, []]);
    const said = played.problems.map(formatProblem).join();
    expect(said).toMatch(/hosts\.yaml:1:\d+/);
  }
});

test('G14: an undefined variable is an error that names it, its place and the near miss, and nothing is written', async () => {
  const directory = project({
    'site.yaml': playOf(
      '    - {name: boot, copy: {dest: "{{ playbook_dir }}/cmdline", content: "iommu={{ iomu_mode }}"}}\n',
      '  vars: {iommu_mode: pt}\n',
    ),
  });
  const told = await startProgram(['run', 'site.yaml', '-i', 'h1,', '-c', 'local', '-o', 'plain'], { cwd: directory })
    .ended;
  expect([1, 2]).toContain(told.code);
  expect(told.stdout + told.stderr).toMatch(/site\.yaml:\d+.*'?iomu_mode'? is undefined/);
  expect(existsSync(join(directory, 'cmdline'))).toBe(false);
});

test('G14b: an undefined variable in a template file names the file, and the old file stays', async () => {
  const directory = project({
    'site.yaml': playOf('    - {name: boot, template: {src: t.j2, dest: "{{ playbook_dir }}/out"}}\n'),
    't.j2': 'a\nb {{ nowhere.deep }}\n',
    out: 'old\n',
  });
  const played = await play(join(directory, 'site.yaml'), { inventory: ['h1,'], connection: 'local' });
  expect(played.exitCode).toBe(2);
  expect(played.results('boot').get('h1')?.message).toMatch(/t\.j2.*nowhere/);
  expect(readFileSync(join(directory, 'out'), 'utf8')).toBe('old\n');
});

test('G15: text goes through templates byte by byte: quotes, ampersands and angle brackets are no markup', async () => {
  const value = `a="b" & <c> 'd' \\ $e \`f\``;
  const played = await here(
    `    - {name: file, template: {src: t.j2, dest: "{{ directory }}/out"}}
    - {name: see, command: "cat {{ directory }}/out"}
    - {name: word, command: {argv: [printf, '%s', "{{ value }}"]}}
    - {name: line, lineinfile: {path: "{{ directory }}/line", line: "{{ value }}", create: true}}
    - {name: lines, command: "cat {{ directory }}/line"}
`,
    { value },
    { 't.j2': '{{ value }}\n' },
  );
  for (const task of ['see', 'word', 'lines']) expect(played.results(task).get('h1')?.values.stdout).toBe(value);
});

test('G16: constructors, prototypes and Python innards are out of reach of expressions', async () => {
  const attacks = [
    `x.constructor.constructor('return process.pid')()`,
    'range.constructor',
    `''.__class__.__mro__[1].__subclasses__()`,
    'x.__proto__',
    `x['constructor']`,
    'lipsum.__globals__',
    `cycler.__init__.__globals__.os.popen('id').read()`,
    `x.toString()`,
    `x|attr('constructor')`,
  ];
  for (const attack of attacks) {
    const played = await here(`    - {name: attack, debug: {msg: ${JSON.stringify(`{{ ${attack} }}`)}}}\n`, {
      x: 'text',
    });
    expect([attack, played.exitCode]).toEqual([attack, played.exitCode === 1 ? 1 : 2]);
  }
});

test('G17: variables that name each other, endless ranges and nested loops end in an error, in time', async () => {
  const started = performance.now();
  const played = await here(
    `    - {name: circle, debug: {msg: "{{ a }}"}, ignore_errors: true}
    - {name: range, debug: {msg: "{{ range(1000000000) | list | length }}"}, ignore_errors: true}
    - {name: loops, debug: {msg: "{% for a in range(9999) %}{% for b in range(9999) %}{% for c in range(9999) %}x{% endfor %}{% endfor %}{% endfor %}"}, ignore_errors: true}
    - {name: power, debug: {msg: "{{ 'x' * 10000000000 }}"}, ignore_errors: true}
    - {name: alive, debug: {msg: hi}}
`,
    { a: '{{ b }}', b: '{{ a }}' },
  );
  for (const task of ['circle', 'range', 'loops', 'power'])
    expect([task, played.results(task).get('h1')?.status]).toEqual([task, 'failed']);
  expect(played.results('alive').get('h1')?.status).toBe('ok');
  expect(performance.now() - started).toBeLessThan(20_000);
});
