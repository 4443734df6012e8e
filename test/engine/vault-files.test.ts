import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { encryptVault } from '../../src/language/vault/vault.ts';
import { play, workspace } from '../support/play.ts';

const KEY = { id: 'default', password: 'hunter2' };
const BINARY = Buffer.from([0, 255, 254, 10, 13, 0, 128]);

const PLAYBOOK = `
- hosts: all
  gather_facts: false
  vars: {who: world, here: "{{ playbook_dir }}/out"}
  tasks:
    - {name: dir, file: {path: "{{ here }}", state: directory}}
    - {name: text, copy: {src: text, dest: "{{ here }}/text"}}
    - {name: tree, copy: {src: tree/, dest: "{{ here }}/tree"}}
    - {name: stored, copy: {src: text, dest: "{{ here }}/stored", decrypt: false}}
    - {name: template, template: {src: t.j2, dest: "{{ here }}/template"}}
    - {name: lookups, copy: {content: "{{ lookup('file', 'text') }}/{{ lookup('template', 't.j2') }}", dest: "{{ here }}/lookups"}}
`;

function project(): string {
  const vaulted = { 'files/text': 'the text\n', 'templates/t.j2': 'hello {{ who }}\n' };
  const files = Object.entries(vaulted).map(([name, text]) => [name, encryptVault(text, KEY)]);
  return workspace({
    'site.yaml': PLAYBOOK,
    'files/tree/binary': encryptVault(BINARY, KEY),
    'files/tree/plain': 'plain',
    ...Object.fromEntries(files),
  });
}

function run(directory: string, password: string) {
  const vaultPasswordFile = join(directory, 'password');
  writeFileSync(vaultPasswordFile, password);
  const call = { inventory: ['h1,'], connection: 'local', vaultPasswordFile: [vaultPasswordFile] };
  return play(join(directory, 'site.yaml'), call);
}

test('vault files come to the host decrypted, byte by byte, by copy, template and lookups', async () => {
  const directory = project();
  expect((await run(directory, 'hunter2')).exitCode).toBe(0);
  const out = (name: string) => readFileSync(join(directory, 'out', name));
  expect(out('text').toString()).toBe('the text\n');
  expect([out('tree/binary'), out('tree/plain').toString()]).toEqual([BINARY, 'plain']);
  expect(out('stored')).toEqual(readFileSync(join(directory, 'files/text')));
  expect(out('template').toString()).toBe('hello world\n');
  expect(out('lookups').toString()).toBe('the text/hello world\n');
  expect((await run(directory, 'hunter2')).recap.get('h1')).toMatchObject({ changed: 0, ok: 6 });
});

test('a vault file whose password was not given is named, and nothing is written', async () => {
  const directory = project();
  const played = await run(directory, 'wrong');
  expect(played.results('text').get('h1')).toMatchObject({
    status: 'failed',
    message: expect.stringMatching(/files\/text: encrypted: no vault password fits/),
  });
  expect(() => readFileSync(join(directory, 'out/text'))).toThrow();
});
