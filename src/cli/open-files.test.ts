import { expect, test } from 'vitest';
import { Problems } from '../contract/problem.ts';
import { requireOpenFiles } from './open-files.ts';

test('says before the start that the hosts need more open files than there may be, and how many', () => {
  const problems = new Problems();
  requireOpenFiles(100, problems, 140);
  requireOpenFiles(5, problems);
  expect(problems.list).toEqual([]);
  requireOpenFiles(2000, problems, 1024);
  expect(problems.list).toMatchObject([{ severity: 'error', hint: expect.stringContaining('ulimit -n 2048') }]);
});
