import { expect, test } from 'vitest';
import { paint } from '../report/paint.ts';
import { registry } from './compose.ts';
import { docLines } from './doc-lines.ts';
import { modulePage } from './module-docs.ts';

test('a page for a terminal has its arguments as a list and its examples as they are', () => {
  const page = [
    '# sysctl\n\nSet a parameter.\n\n\nCompares `a`.\n\n## Arguments\n',
    '| argument | type | default | meaning |\n|---|---|---|---|',
    '| `name` | string | required | Key: a\\|b |\n| `state` | `present` or `absent` | `"present"` | What |\n',
    '```yaml\n- sysctl:\n    name: x\n```\n',
  ].join('\n');
  expect(paint(docLines(page), { hasColour: false })).toBe(
    [
      'sysctl\n\nSet a parameter.\n\nCompares a.\n\nArguments\n',
      '  name  string, required\n      Key: a|b\n  state  present or absent, default "present"\n      What\n',
      '    - sysctl:\n        name: x\n',
    ].join('\n'),
  );
});

test('no page is wider than 80 columns, but for words and examples', () => {
  for (const module of registry().modules) {
    const examples = module.examples.flatMap(({ task }) => task.split('\n'));
    const rows = paint(docLines(modulePage(module)), { hasColour: false, columns: () => 80 }).split('\n');
    const tooWide = rows.filter((row) => row.length > 80 && !examples.some((line) => row.includes(line)));
    expect([module.name, tooWide]).toEqual([module.name, []]);
  }
});
