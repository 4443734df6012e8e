import { expect, test } from 'vitest';
import { Terminal } from '../../test/support/terminal.ts';
import { Screen } from './screen.ts';

function screen(columns = 40, rows = 10) {
  const terminal = new Terminal(columns, rows);
  return { terminal, screen: new Screen(terminal, terminal) };
}

test('live lines are painted over, what scrolled stays', async () => {
  const { terminal, screen: shown } = screen();
  shown.paint(['one', 'two']);
  shown.scroll('done 1\n');
  shown.paint(['one', 'two']);
  shown.scroll('done 2\n');
  shown.paint(['two', 'three', 'four']);
  expect(await terminal.text()).toEqual(['done 1', 'done 2', 'two', 'three', 'four']);
  shown.clear();
  expect(await terminal.text()).toEqual(['done 1', 'done 2']);
});

test.each([
  [
    ['a', 'b', 'c'],
    ['a', 'B', 'c'],
  ],
  [['a', 'b', 'c'], ['a']],
  [['a'], ['a', 'b', 'c']],
  [
    ['a', 'b'],
    ['longer a', ''],
  ],
  [
    ['longer a', 'b'],
    ['a', 'b'],
  ],
])('only what differs is repainted: %j to %j', async (before, after) => {
  const { terminal, screen: shown } = screen();
  shown.paint(before);
  shown.paint(after);
  expect(await terminal.text()).toEqual(after.join('\n').trimEnd().split('\n'));
});

test('nothing new writes nothing', () => {
  const { terminal, screen: shown } = screen();
  shown.paint(['a', 'b']);
  const before = terminal.bytes;
  shown.paint(['a', 'b']);
  expect(terminal.bytes).toBe(before);
});

test('each repaint is one synchronized update, and the cursor is never hidden', () => {
  const { terminal, screen: shown } = screen();
  shown.paint(['a']);
  shown.scroll('x\n');
  shown.paint(['b']);
  expect(terminal.raw.split('\u001b[?2026h')).toHaveLength(3);
  expect(terminal.raw.split('\u001b[?2026l')).toHaveLength(3);
  expect(terminal.raw).not.toMatch('\u001b[?25');
});

test('scrolled lines wider than the terminal do not disturb the live ones', async () => {
  const { terminal, screen: shown } = screen(20, 8);
  shown.paint(['live']);
  for (let index = 0; index < 5; index++) {
    shown.scroll(`${index} ${'x'.repeat(50)}\n`);
    shown.paint([`live ${index}`]);
  }
  const wide = (index: number) => `${index} ${'x'.repeat(50)}`;
  expect(await terminal.text()).toEqual([...[0, 1, 2, 3, 4].map(wide), 'live 4']);
});

test.each([
  ['narrower', 20, 10],
  ['wider', 80, 10],
  ['lower', 40, 6],
  ['higher', 40, 20],
])('a terminal that becomes %s keeps no old live lines', async (_, columns, rows) => {
  const { terminal, screen: shown } = screen(40, 10);
  for (let index = 0; index < 20; index++) shown.scroll(`scrolled ${index}\n`);
  shown.paint(['first live line, nearly 40 columns wide', 'second live line', 'third one that takes most of 40']);
  await terminal.text();
  terminal.resize(columns, rows);
  shown.paint(['new']);
  const text = await terminal.text();
  expect(text.filter((line) => line !== '')).toEqual([
    ...Array.from({ length: 20 }, (_none, index) => `scrolled ${index}`),
    'new',
  ]);
});
