import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { encryptVault } from '../../src/language/vault/vault.ts';
import { fleet, playOf } from './fleet.ts';

const CANARY = 'canary-Tr0ub4dor&3';
const OTHER = 'canary-become-pass-9';
const PASSWORD = { id: 'default', password: 'open sesame' };
const FORMATS = ['plain', 'pretty', 'json'] as const;

/** The canary in the encodings in which tools echo what they are given. */
function traces(text: string, secret: string): readonly string[] {
  const json = JSON.stringify(secret).slice(1, -1);
  const forms = [secret, json, encodeURIComponent(secret), Buffer.from(secret).toString('base64').replace(/=+$/, '')];
  return forms.filter((form) => text.includes(form));
}

async function secretFleet() {
  const hosts = await fleet({ h1: {}, h2: {} });
  writeFileSync(join(hosts.directory, 'password'), 'open sesame\n', { mode: 0o600 });
  writeFileSync(join(hosts.directory, 'secrets.yaml'), encryptVault(`secret: '${CANARY}'\n`, PASSWORD));
  return hosts;
}

const VAULT = ['--vault-password-file', 'password', '-e', '@secrets.yaml', '-vvv', '--diff'];

test('H1: a vaulted value shows in no diff, result, item, retry or failure, with -vvv and --diff, in a run and in a check', async () => {
  const hosts = await secretFleet();
  const playbook =
    playOf(`    - {name: line, lineinfile: {path: "{{ here }}/conf", line: "password={{ secret }}", create: true}}
    - {name: file, copy: {dest: "{{ here }}/copy", content: "a\\npassword={{ secret }}\\nb\\n"}}
    - {name: loops, debug: {msg: "{{ item }}"}, loop: ["{{ secret }}", other]}
    - {name: says, command: {argv: [echo, "{{ secret }}"]}, register: said}
    - {name: again, debug: {msg: "{{ said }}"}}
    - {name: coded, debug: {msg: "{{ secret | b64encode }} {{ secret | urlencode }} {{ secret | to_json }}"}}
    - {name: retried, shell: "echo {{ secret | quote }} >&2; false", retries: 1, delay: 0, until: false, ignore_errors: true}
    - {name: broken, debug: {msg: "{{ secret.nothing }}"}, ignore_errors: true}
    - {name: wrong, file: {path: "{{ here }}/x", state: "{{ secret }}"}, ignore_errors: true}
    - {name: "named {{ secret }}", fail: {msg: "it is {{ secret }}"}}
`);
  for (const [verb, output] of [['check', 'plain'], ...FORMATS.map((format) => ['run', format] as const)] as const) {
    for (const name of ['conf', 'copy']) rmSync(hosts.at('h1', name), { force: true });
    const told = await hosts.run(playbook, { verb, output, args: [...VAULT, '-l', 'h1'] });
    expect([verb, output, traces(told.stdout + told.stderr, CANARY)]).toEqual([verb, output, []]);
    expect(told.stdout).toContain('********');
    if (verb === 'run') expect(hosts.read('h1', 'conf')).toBe(`password=${CANARY}\n`);
  }
});

test('H2: mistakes found before the start quote no vaulted value', async () => {
  const hosts = await secretFleet();
  for (const output of ['plain', 'json'] as const) {
    const told = await hosts.run(
      playOf(
        `    - {name: bad, file: {path: relative, state: file}}\n    - {name: worse, copy: {dest: x, content: y}}\n`,
      ),
      { output, args: [...VAULT, '-e', `path=${CANARY}`] },
    );
    expect(told.code).toBe(1);
    expect(traces(told.stderr, CANARY)).toEqual([]);
  }
  const wrong = await hosts.run(playOf('    - {name: x, ping: {}}\n'), {
    args: ['--vault-password-file', 'hosts.yaml', '-e', '@secrets.yaml'],
  });
  expect(wrong.code).toBe(1);
  expect(traces(wrong.stdout + wrong.stderr, CANARY)).toEqual([]);
});

test.runIf(process.getuid?.() === 0)(
  'H3: no secret stands in the words or environment of any process of this machine during a run',
  async () => {
    const name = `tsf${process.pid}s`;
    execFileSync('useradd', ['--no-create-home', '--shell', '/bin/sh', name]);
    onTestFinished(() => {
      rmSync(`/etc/sudoers.d/${name}`, { force: true });
      execFileSync('userdel', [name], { stdio: 'ignore' });
    });
    execFileSync('chpasswd', [], { input: `${name}:${OTHER}\n` });
    writeFileSync(`/etc/sudoers.d/${name}`, `${name} ALL=(ALL) ALL\n`, { mode: 0o440 });
    const hosts = await secretFleet();
    execFileSync('chmod', ['0755', hosts.sshdOf('h1').directory]);
    writeFileSync(
      join(hosts.directory, 'more.yaml'),
      encryptVault(`ansible_become_password: '${OTHER}'\nansible_user: ${name}\n`, PASSWORD),
    );
    const running = hosts.start(
      playOf(
        `    - {name: file, copy: {dest: "{{ here }}/conf", content: "password={{ secret }}\\n", mode: '0600'}}
    - {name: line, lineinfile: {path: "{{ here }}/conf", line: "again={{ secret }}"}}
    - {name: block, blockinfile: {path: "{{ here }}/conf", block: "more={{ secret }}"}}
    - {name: fed, command: {cmd: sleep 0.3, stdin: "{{ secret }}"}}
    - {name: many, copy: {dest: "{{ here }}/n{{ item }}", content: "{{ secret }}"}, loop: "{{ range(10) | list }}"}
`,
        '  become: true\n',
      ),
      { args: [...VAULT, '-e', '@more.yaml'] },
    );
    const seen = new Set<string>();
    let samples = 0;
    let ended = false;
    void running.ended.then(() => {
      ended = true;
    });
    while (!ended) {
      for (const text of processTexts())
        if (traces(text, CANARY).length + traces(text, OTHER).length > 0) seen.add(text);
      samples += 1;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    const told = await running.ended;
    expect(told.code).toBe(0);
    expect(hosts.read('h2', 'conf')).toContain(`again=${CANARY}`);
    expect(samples).toBeGreaterThan(20);
    expect([...seen]).toEqual([]);
    expect([...traces(told.stdout + told.stderr, CANARY), ...traces(told.stdout + told.stderr, OTHER)]).toEqual([]);
  },
);

function processTexts(): readonly string[] {
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid) && Number(pid) !== process.pid)
    .flatMap((pid) => ['cmdline', 'environ'].map((file) => readIfThere(`/proc/${pid}/${file}`)));
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

test('H5: no_log leaves nothing but the status, for results, items, retries and failures, at -vvv in every format', async () => {
  const hosts = await fleet({ h1: {} });
  const plain = 'canary-not-registered';
  const playbook = playOf(
    `    - {name: says, command: {argv: [echo, "{{ hidden }}"]}, no_log: true, register: said}
    - {name: loops, command: {argv: [echo, "{{ item }}"]}, loop: ["{{ hidden }}", x], no_log: true}
    - {name: retried, shell: "echo {{ hidden }}; false", retries: 1, delay: 0, until: false, ignore_errors: true, no_log: true}
    - {name: file, copy: {dest: "{{ here }}/conf", content: "{{ hidden }}"}, no_log: true}
    - {name: fails, fail: {msg: "{{ hidden }}"}, no_log: true}
`,
    `  vars: {hidden: ${plain}}\n`,
  );
  for (const output of FORMATS) {
    rmSync(hosts.at('h1', 'conf'), { force: true });
    const told = await hosts.run(playbook, { output, args: ['-vvv', '--diff'] });
    expect(told.code).toBe(2);
    expect([output, traces(told.stdout + told.stderr, plain)]).toEqual([output, []]);
    expect(hosts.read('h1', 'conf')).toBe(plain);
  }
});

test('H7: a secret of one to three characters does not mask everything', async () => {
  const hosts = await fleet({ h1: {} });
  writeFileSync(join(hosts.directory, 'password'), 'open sesame\n');
  writeFileSync(join(hosts.directory, 'secrets.yaml'), encryptVault(`secret: 'o'\n`, PASSWORD));
  const told = await hosts.run(playOf('    - {name: fine, debug: {msg: "hello world {{ secret }}"}}\n'), {
    output: 'plain',
    args: VAULT,
  });
  expect(told.stdout).toContain('hello world');
});

test('H10: a damaged vault is refused before the start, and nothing of it is shown', async () => {
  const hosts = await secretFleet();
  const file = join(hosts.directory, 'secrets.yaml');
  const text = readFileSync(file, 'utf8');
  const middle = Math.floor(text.length / 2);
  const flipped = text.slice(0, middle) + (text[middle] === '3' ? '4' : '3') + text.slice(middle + 1);
  for (const damaged of [text.slice(0, -20), flipped, text.slice(0, 90)]) {
    writeFileSync(file, damaged);
    const told = await hosts.run(playOf('    - {name: x, debug: {msg: "{{ secret }}"}}\n'), { args: VAULT });
    expect(told.code).toBe(1);
    expect(told.stdout).toBe('');
    expect(told.stderr).toMatch(/vault|decrypt|password/i);
    expect(told.stderr).not.toMatch(/\n +at /);
  }
});
