import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { play, workspace } from '../../test/support/play.ts';

test('a template that is not UTF-8 is refused, and not written with other letters', async () => {
  const directory = workspace({
    'site.yaml': `- hosts: all
  gather_facts: false
  vars: {name: latin}
  tasks:
    - {name: put, template: {src: "{{ name }}.j2", dest: "{{ playbook_dir }}/out"}}
`,
  });
  writeFileSync(join(directory, 'latin.j2'), Buffer.from('gr\xfcn\n', 'latin1'));
  const { results } = await play(join(directory, 'site.yaml'), { inventory: ['h1,'], connection: 'local' });
  expect(results('put').get('h1')).toMatchObject({
    status: 'failed',
    message: expect.stringMatching(/latin\.j2 is not valid UTF-8; save it as UTF-8, or use copy for a binary file/),
  });
  expect(existsSync(join(directory, 'out'))).toBe(false);
});
