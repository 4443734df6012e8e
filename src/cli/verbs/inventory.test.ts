import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { DEFAULTS, workspace } from '../../../test/support/play.ts';
import { inventory } from './inventory.ts';

/** The exit code, and what was printed to both streams. */
async function shown(pattern: string, options: Readonly<Record<string, unknown>> = {}) {
  const directory = workspace({ 'hosts.ini': '[gpu]\ngpu01\ngpu02\n[ctl]\nctl01\n' });
  const lines: string[] = [];
  const log = vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line));
  const error = vi.spyOn(console, 'error').mockImplementation((line: string) => void lines.push(line));
  onTestFinished(() => [log, error].forEach((spy) => spy.mockRestore()));
  const code = await inventory(pattern, { ...DEFAULTS, inventory: [join(directory, 'hosts.ini')], ...options });
  return { code, lines };
}

test('the tree holds the hosts of the pattern and the groups around them', async () => {
  expect((await shown('all')).lines).toEqual([
    '@all',
    '  @ungrouped',
    '  @gpu',
    '    gpu01',
    '    gpu02',
    '  @ctl',
    '    ctl01',
  ]);
  expect((await shown('gpu')).lines).toEqual(['@gpu', '  gpu01', '  gpu02']);
  expect((await shown('gpu02,ctl')).lines).toEqual(['@all', '  @gpu', '    gpu02', '  @ctl', '    ctl01']);
});

test.each([
  ['gpu03', {}, 'error: gpu03 matches no host'],
  ['', {}, 'error: "" matches no host'],
  ['all', { host: 'gpu03' }, 'error: there is no host gpu03 in the inventory (did you mean gpu01?)'],
])('what is not there is an error: %j %j', async (pattern, options, message) => {
  const { code, lines } = await shown(pattern, options);
  expect(code).toBe(1);
  expect(lines).toContain(message);
  expect(lines).not.toContain('@all');
});
