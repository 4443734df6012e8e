import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { play, workspace } from '../../test/support/play.ts';
import { formatProblem } from '../contract/problem.ts';
import { readFailure } from './read-failure.ts';

test.each([
  ['ENOENT', 'there is no such file'],
  ['EACCES', 'permission denied'],
  ['ELOOP', 'its links go in a circle'],
])('%s is said in words', (code, words) => {
  expect(readFailure(Object.assign(new Error(`${code}: nonsense`), { code }))).toBe(words);
});

/** Links in circles stand for all that cannot be opened: root may read whatever else there is. */
test('files that cannot be opened are problems beside the others', async () => {
  const directory = workspace({
    'site.yaml': '- hosts: all\n  tasks:\n    - template: {src: a.j2, dest: /a}\n    - nosuch: {}\n',
    'inventory/hosts.ini': 'h\n',
    'inventory/group_vars/all/x': '',
    'templates/x': '',
  });
  const circle = (path: string) => symlinkSync(path.split('/').at(-1) ?? '', join(directory, path));
  ['play.yaml', 'inventory/more', 'inventory/group_vars/all/y.yaml', 'templates/a.j2'].forEach(circle);
  const lines = async (file: string) => {
    const { problems } = await play(join(directory, file), { inventory: [join(directory, 'inventory')] });
    return problems.map((one) => formatProblem(one).replaceAll(`${directory}/`, '')).sort();
  };
  expect(await lines('site.yaml')).toEqual([
    expect.stringMatching(/^inventory\/group_vars\/all\/y\.yaml:1:1: cannot be read: its links go in a circle$/),
    expect.stringMatching(/^site\.yaml:3:18 .*there is no file "a\.j2"/),
    expect.stringMatching(/unknown module "nosuch"/),
    expect.stringMatching(/^the inventory inventory\/more does not exist/),
  ]);
  expect(await lines('play.yaml')).toContain('the playbook play.yaml cannot be read: its links go in a circle');
});

test('a device is no playbook', async () => {
  const { problems } = await play('/dev/zero', { inventory: ['h,'] });
  expect(problems).toMatchObject([{ message: '/dev/zero is a device, not a playbook' }]);
});
