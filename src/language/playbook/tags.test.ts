import { describe, expect, test } from 'vitest';
import { listTags, listTasks } from './listing.ts';
import { loaded, sampleProject } from './sample-project.ts';
import { isSelected } from './tags.ts';

// The outcomes of ansible-playbook: tags of the task, --tags, --skip-tags, does it run.
const cases: readonly (readonly [tags: string, only: string, skip: string, runs: boolean])[] = [
  ['', '', '', true],
  ['a', '', '', true],
  ['never', '', '', false],
  ['a never', '', '', false],
  ['a', 'a', '', true],
  ['a', 'b', '', false],
  ['', 'a', '', false],
  ['a never', 'a', '', true],
  ['a never', 'never', '', true],
  ['a never', 'all', '', false],
  ['always', 'b', '', true],
  ['a', 'all', '', true],
  ['a', 'tagged', '', true],
  ['', 'tagged', '', false],
  ['a never', 'tagged', '', false],
  ['', 'untagged', '', true],
  ['a', 'untagged', '', false],
  ['a b', 'a', 'b', false],
  ['always', '', 'always', false],
  ['always a', '', 'a', false],
  ['a', '', 'all', false],
  ['always', '', 'all', true],
  ['always', '', 'all always', false],
  ['a', '', 'tagged', false],
  ['', '', 'tagged', true],
  ['', '', 'untagged', false],
];

const words = (text: string) => text.split(' ').filter(Boolean);

describe('tags', () => {
  test.each(cases)('[%s] with --tags [%s] and --skip-tags [%s]: %s', (tags, only, skip, runs) => {
    expect(isSelected(words(tags), { only: words(only), skip: words(skip) })).toBe(runs);
  });

  test('--list-tasks shows what would run, tasks of roles with the role; --list-tags shows all', () => {
    const playbook = loaded(
      sampleProject({
        'site.yml':
          '- hosts: gpu\n  name: P\n  roles: [{role: r, tags: "x,y"}]\n  tasks:\n  - {name: t, command: a, tags: [z]}\n  - include_tasks: "{{ f }}"\n',
        'roles/r/tasks/main.yml': '- block: [{command: b}]\n',
      }),
    );
    const [play] = listTasks(playbook, { only: ['x', 'untagged'], skip: [] });
    expect(play).toMatchObject({ name: 'P', hosts: 'gpu' });
    expect(play?.tasks.map(({ name }) => name)).toEqual(['r : command', 'include_tasks {{ f }}']);
    expect(listTags(playbook)).toEqual(['x', 'y', 'z']);
  });
});
