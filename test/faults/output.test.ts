import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fleet, playOf } from './fleet.ts';

/** Control characters that a terminal would obey: all of C0 but tab and newline, DEL, C1, bidi and zero-width. */
// oxlint-disable-next-line no-control-regex
const OBEYED = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/;

/** What the pretty format itself never writes: it only clears lines, moves up and hides the cursor. */
// oxlint-disable-next-line no-control-regex
const FORGED = /\u001b[\]P]|\u001b\[2J|[\u0000\u0007\u0008\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]|\r +ok/;

test('F1: endless output is capped, keeps its exit code, and costs little memory', async () => {
  const hosts = await fleet({ loud: { vars: { loud: true } }, h1: {} });
  const told = await hosts.run(
    playOf(`    - name: loud
      shell: yes | head -c 60000000; echo END; exit 3
      when: loud | default(false)
    - {name: after, command: echo hi}
`),
  );
  expect(told.code).toBe(2);
  expect(told.result('loud', 'loud')).toMatchObject({
    status: 'failed',
    message: expect.stringContaining('exit code 3'),
  });
  expect(told.result('after', 'h1').status).toBe('changed');
  expect(told.peakMiB).toBeLessThan(700);
  expect(told.stdout.length).toBeLessThan(20_000_000);
});

test('F2: 60 MB without a newline are never one string, and others go on', async () => {
  const hosts = await fleet({ loud: { vars: { loud: true } }, h1: {} });
  const told = await hosts.run(
    playOf(`    - name: loud
      shell: head -c 60000000 /dev/zero | tr '\\0' x; exit 0
      when: loud | default(false)
    - {name: after, command: echo hi}
`),
    { output: 'plain', args: ['-vv'] },
  );
  expect(told.code).toBe(0);
  expect(told.peakMiB).toBeLessThan(350);
  expect(told.stdout.length).toBeLessThan(20_000_000);
  expect(told.stdout).toMatch(/h1 .*changed=1/);
});

test('F3: endless stderr while stdout is silent ends at the task limit, and the command is stopped', async () => {
  const hosts = await fleet({ h1: {} });
  const told = await hosts.run(playOf('    - {name: loud, shell: "yes {{ here }} >&2", timeout: 2}\n'));
  expect(told.code).toBe(2);
  expect(told.result('loud', 'h1').message).toMatch(/did not finish within 2 s; it was stopped/);
  expect(hosts.leftovers()).toEqual([]);
});

test('F5: what hosts say cannot move the cursor, forge a line, fill the clipboard or reorder text, in any format', async () => {
  const hosts = await fleet({ h1: {} });
  const evil =
    '\u001b[2J\u001b]0;title\u0007\u001b]52;c;cHduZWQ=\u0007\u001bP1$r\u001b\\\u009b31m\r  ok: h1 forged\n\u202eright\u2066\u200bzero\u0000\u0008';
  hosts.write('h1', 'evil', evil);
  hosts.write('h1', 'conf', `${evil}\nold\n`);
  const playbook = playOf(`    - {name: says, shell: "cat {{ here }}/evil; cat {{ here }}/evil >&2", register: said}
    - {name: shows, debug: {msg: "{{ said.stdout }}"}}
    - {name: differs, lineinfile: {path: "{{ here }}/conf", line: new}}
    - {name: loops, debug: {msg: x}, loop: "{{ [said.stdout] }}"}
    - {name: "named {{ said.stdout }}", debug: {msg: x}}
    - {name: fails, shell: "cat {{ here }}/evil >&2; exit 1"}
`);
  for (const output of ['plain', 'pretty', 'json'] as const) {
    hosts.write('h1', 'conf', `${evil}\nold\n`);
    const told = await hosts.run(playbook, {
      output,
      args: ['--diff', '-vvv'],
      env: { NO_COLOR: '1', COLUMNS: '100' },
    });
    expect(told.code).toBe(2);
    const shown = (told.stdout + told.stderr).replaceAll('\n', '');
    expect([output, (output === 'pretty' ? FORGED : OBEYED).exec(shown)?.[0].codePointAt(0)?.toString(16)]).toEqual([
      output,
      undefined,
    ]);
    expect(shown).toContain('forged');
    if (output !== 'json') expect(told.stdout).not.toMatch(/^ *ok: h1 forged/m);
  }
});

test('F6: start-up files that talk, echo and set a terminal change no result', async () => {
  const noise =
    'echo "welcome to this host"; echo "stty: not a tty" >&2; printf "\\033]3008;start=x\\033\\\\"; stty -echo 2>/dev/null; PS1="# "; PATH=/usr/bin:/bin\n';
  const hosts = await fleet({ chatty: { sshd: {} }, h1: {} });
  const home = join(hosts.sshdOf('chatty').directory, 'home');
  for (const name of ['.bashrc', '.profile', '.bash_profile', '.bash_login', '.zshrc', '.zshenv'])
    writeFileSync(join(home, name), noise);
  mkdirSync(join(home, '.config/fish'), { recursive: true });
  const told = await hosts.run(
    playOf(`    - {name: says, command: printf exactly}
    - {name: file, copy: {dest: "{{ here }}/conf", content: "new\\n"}}
    - {name: other, command: id -un, become: true, become_user: nobody}
`),
  );
  expect(told.code).toBe(0);
  for (const host of ['chatty', 'h1']) {
    expect(told.result('says', host).values).toMatchObject({ stdout: 'exactly', stderr: '', rc: 0 });
    expect(told.result('other', host).values.stdout).toBe('nobody');
    expect(hosts.read(host, 'conf')).toBe('new\n');
  }
});

test('F7: template syntax in facts, output, files and loops of a host stays text wherever it is used', async () => {
  const hosts = await fleet({ h1: {} });
  const evil = '{{ 7*7 }} {% set x = 1 %}{{ lookup("pipe", "touch pwned") }} ${7*7} `id` {# c #}';
  hosts.write('h1', 'evil', evil);
  writeFileSync(join(hosts.directory, 't.j2'), '{{ said.stdout }}|{{ facts.evil }}\n');
  const told = await hosts.run(
    playOf(`    - {name: says, command: "cat {{ here }}/evil", register: said}
    - {name: slurped, slurp: {src: "{{ here }}/evil"}, register: file}
    - {name: keeps, set_fact: {facts: {evil: "{{ said.stdout }}"}, again: "{{ said.stdout }}"}}
    - {name: shows, debug: {msg: "{{ said.stdout }}"}}
    - {name: twice, debug: {msg: "{{ again }}{{ facts.evil }}{{ file.content | b64decode }}"}}
    - {name: var, debug: {var: again}}
    - {name: loops, debug: {msg: "{{ item }}"}, loop: "{{ said.stdout_lines }}"}
    - {name: judges, debug: {msg: x}, when: said.stdout == facts.evil}
    - {name: lists, debug: {msg: "{{ [said.stdout] | map('upper') | first }}"}}
    - {name: writes, template: {src: t.j2, dest: "{{ here }}/out"}}
    - {name: copies, copy: {dest: "{{ here }}/copy", content: "{{ said.stdout }}"}}
    - {name: words, command: {argv: [printf, '%s', "{{ again }}"]}, register: back}
    - {name: shares, debug: {msg: "{{ hostvars[inventory_hostname].again }}"}}
`),
  );
  expect(told.code).toBe(0);
  for (const task of ['shows', 'shares']) expect(told.result(task, 'h1').values.msg).toBe(evil);
  expect(told.result('twice', 'h1').values.msg).toBe(evil.repeat(3));
  expect(told.result('var', 'h1').values.again).toBe(evil);
  expect(told.result('loops', 'h1').items?.[0]?.values.msg).toBe(evil);
  expect(told.result('judges', 'h1').status).toBe('ok');
  expect(told.result('lists', 'h1').values.msg).toBe(evil.toUpperCase());
  expect(told.result('words', 'h1').values.stdout).toBe(evil);
  expect(hosts.read('h1', 'out')).toBe(`${evil}|${evil}\n`);
  expect(hosts.read('h1', 'copy')).toBe(evil);
  expect(() => readFileSync(join(hosts.directory, 'pwned'))).toThrow();
});

test('F9: facts and output of a host cannot change how it or another is reached', async () => {
  const hosts = await fleet({ h1: {}, h2: {} });
  const fact = hosts.write('h1', 'fact', '{"ansible_host": "203.0.113.1", "ansible_port": 1, "ansible_become": true}');
  chmodSync(fact, 0o644);
  const told = await hosts.run(
    playOf(`    - {name: says, command: "cat {{ hostvars.h1.here }}/fact", register: said}
    - {name: keeps, set_fact: {evil: "{{ said.stdout | from_json }}"}}
    - {name: still, command: echo here}
`),
  );
  expect(told.code).toBe(0);
  expect(told.result('still', 'h1').values.stdout).toBe('here');
});
