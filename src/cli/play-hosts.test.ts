import { join } from 'node:path';
import { expect, test } from 'vitest';
import { play, playText, workspace } from '../../test/support/play.ts';

const PLAY = (hosts: string) =>
  `- name: p\n  hosts: ${hosts}\n  gather_facts: false\n  tasks: [{name: a, debug: {msg: x}}]\n`;

test('a name that is nearly a host is a mistake with a suggestion, found before anything runs', async () => {
  const { exitCode, problems, events } = await playText(PLAY('computr1'), { hosts: ['compute1', 'compute2'] });
  expect(exitCode).toBe(1);
  expect(problems).toMatchObject([{ severity: 'error', path: 'plays[0].hosts', hint: 'did you mean compute1?' }]);
  expect(events).toEqual([]);
});

test('a group that this inventory does not have is a warning, and so is a near name where hosts may be added', async () => {
  const none = await playText(PLAY('storage'), { hosts: ['compute1'] });
  expect(none.exitCode).toBe(0);
  expect(none.problems).toMatchObject([{ severity: 'warning' }]);
  const grows = `- hosts: all\n  gather_facts: false\n  tasks: [{add_host: {name: compute9}}]\n${PLAY('compute9')}`;
  const grown = await playText(grows, { hosts: ['compute1'] });
  expect(grown.exitCode).toBe(0);
  expect(grown.log).toContain('a@compute9 ok');
});

test('--limit reads names from a file', async () => {
  const directory = workspace({ 'site.yaml': PLAY('all'), 'failed.retry': '# last night\nh2\n\nh3\n' });
  const { log } = await play(join(directory, 'site.yaml'), {
    inventory: ['h1,h2,h3,'],
    connection: 'local',
    limit: `@${join(directory, 'failed.retry')}`,
  });
  expect(log).toEqual(['a@h2 ok', 'a@h3 ok']);
});

test('--start-at-task with a name nobody has is a mistake with a suggestion', async () => {
  const text = PLAY('all').replace('name: a,', 'name: Install packages,');
  const { exitCode, problems } = await playText(text, { startAtTask: 'Instal packages' });
  expect(exitCode).toBe(1);
  expect(problems[0]?.hint).toBe('did you mean "Install packages"?');
});

test('--start-at-task still gathers facts first', async () => {
  const text = `- hosts: all\n  tasks:\n    - {name: a, debug: {msg: x}}\n    - {name: b, debug: {msg: "{{ ansible_facts.kernel is defined }}"}}\n`;
  const { log, results } = await playText(text, { startAtTask: 'b' });
  expect(log).toEqual(['Gathering Facts@h1 ok', 'b@h1 ok']);
  expect(results('b').get('h1')?.values.msg).toBe(true);
});

test('a tag that no task has is a warning with a suggestion, unless an include may bring it', async () => {
  const text = PLAY('all').replace('{name: a,', '{name: a, tags: [gpu, nova],');
  const { exitCode, problems } = await playText(text, { tags: ['gpus'], skipTags: ['nowa'] });
  expect(exitCode).toBe(0);
  expect(problems).toMatchObject([
    { severity: 'warning', message: '--tags gpus: no task has this tag', hint: 'did you mean gpu?' },
    { severity: 'warning', message: '--skip-tags nowa: no task has this tag', hint: 'did you mean nova?' },
  ]);
  const includes = `- {hosts: all, gather_facts: false, tasks: [{include_tasks: more.yaml, tags: always}]}\n`;
  const files = { 'more.yaml': '- {name: b, tags: gpus, debug: {msg: x}}\n' };
  expect(await playText(includes, { tags: ['gpus'], files })).toMatchObject({ problems: [], exitCode: 0 });
});

test('of an inventory that is not there only that is said, and a play without hosts matches no "undefined"', async () => {
  const missing = await playText(PLAY('web'), { inventory: ['/nosuch/inventory'], hosts: [] });
  expect(missing.problems).toMatchObject([{ severity: 'error', message: expect.stringContaining('does not exist') }]);
  const { problems } = await playText('- tasks: []\n');
  expect(problems).toMatchObject([{ severity: 'error', message: 'a play needs `hosts`' }]);
});

test('a directory is no playbook', async () => {
  const { problems } = await play('/tmp', { inventory: ['h,'] });
  expect(problems).toMatchObject([{ message: '/tmp is a directory, not a playbook' }]);
});

test('an inventory without hosts is said once, not by every pattern', async () => {
  const directory = workspace({ 'site.yaml': PLAY('web') + PLAY('db'), 'hosts.ini': '' });
  const inventory = join(directory, 'hosts.ini');
  const { problems } = await play(join(directory, 'site.yaml'), { inventory: [inventory] });
  expect(problems).toEqual([{ severity: 'warning', message: `there are no hosts in the inventory ${inventory}` }]);
});
