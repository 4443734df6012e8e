import { execFile } from 'node:child_process';
import { expect, test } from 'vitest';
import { encryptVault } from '../../src/language/vault/vault.ts';
import { workspace } from '../support/play.ts';
import { tsplay, underTerminal } from './program.ts';

const SECRET = 'c0rrect "horse" b@ttery';
const QUIET = 'told-in-the-clear';

/** Everything a run may print, with a secret from a vault and a task that must not be logged. */
function project(): string {
  const password = 'open sesame';
  const vaulted = encryptVault(SECRET, { id: 'default', password }).trimEnd().replaceAll('\n', '\n        ');
  return workspace({
    'password.txt': password,
    'site.yaml': `- name: "Play of {{ secret }}"
  hosts: all
  gather_facts: false
  vars:
    secret: !vault |
        ${vaulted}
  tasks:
    - name: "shows {{ secret }}"
      debug: {msg: "the secret is {{ secret }}"}
    - {name: value, debug: {var: secret}}
    - {name: key, set_fact: {found: {"{{ secret }}": 1, plain: "{{ secret | b64encode }}"}}}
    - name: prints slowly, in parts
      shell: 'printf "%s" "$HALF1"; sleep 0.2; printf "%s\\n" "$HALF2"; printf "%s\\n" "$HALF1$HALF2" >&2; exit 1'
      environment: {HALF1: "{{ secret[:9] }}", HALF2: "{{ secret[9:] }}"}
      ignore_errors: true
    - {name: writes, copy: {dest: "{{ playbook_dir }}/written", content: "password={{ secret }}\\n"}}
    - {name: loops, command: "echo {{ item | quote }}", loop: ["{{ secret }}", x]}
    - name: quiet
      no_log: true
      ignore_errors: true
      shell: "echo ${QUIET}; echo ${QUIET} >&2; exit 1"
    - name: quiet loop
      no_log: true
      command: "echo ${QUIET} {{ item }}"
      loop: [${QUIET}, x]
      until: true
      retries: 1
    - {name: refuses, assert: {that: [false], fail_msg: "bad {{ secret }}"}, ignore_errors: true}
`,
  });
}

/** Its halves too: the shell prints them one after the other. */
const forms = [
  'c0rrect',
  'b@ttery',
  SECRET,
  JSON.stringify(SECRET).slice(1, -1),
  Buffer.from(SECRET).toString('base64'),
  encodeURIComponent(SECRET),
  QUIET,
];

function inPipe(words: readonly string[], cwd: string): Promise<string> {
  const [program, ...args] = tsplay(words);
  return new Promise((resolve) =>
    execFile(program, args, { cwd, maxBuffer: 1e9 }, (_, stdout, stderr) => resolve(stdout + stderr)),
  );
}

const call = (verb: string, ...more: readonly string[]) => [
  verb,
  'site.yaml',
  '-i',
  'h1,h2,',
  '-c',
  'local',
  '--vault-password-file',
  'password.txt',
  '--diff',
  '-vvv',
  ...more,
];

test.each([
  ['run', 'plain'],
  ['check', 'plain'],
  ['run', 'json'],
  ['check', 'json'],
] as const)('no secret is printed by %s --output %s with everything turned on', async (verb, output) => {
  const text = await inPipe(call(verb, '--output', output), project());
  expect(text).toMatch('********');
  expect(text).toMatch(/quiet loop/);
  for (const form of forms) expect(text).not.toContain(form);
});

test('nor on a terminal, whose live lines are clipped', async () => {
  const { text } = await underTerminal(tsplay(call('run')), { columns: 60, rows: 20, cwd: project() });
  expect(text).toMatch('********');
  for (const form of forms) expect(text).not.toContain(form);
});
