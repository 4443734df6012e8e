import { expect, test } from 'vitest';
import { hostNames } from './host-names.ts';

const numbered = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => `gpu${String(from + index).padStart(3, '0')}`);

test.each([
  ['a few are named', ['gpu001', 'gpu002', 'gpu003'], 'gpu001, gpu002, gpu003'],
  ['a row becomes a range', [...numbered(1, 6), 'ctl'], 'gpu[001-006], ctl'],
  ['gaps are kept', [...numbered(1, 3), ...numbered(7, 9), 'gpu011'], 'gpu[001-003], gpu[007-009], gpu011'],
  ['numbers before a domain count', ['n1.dc2', 'n2.dc2', 'n3.dc2', 'n4.dc2', 'n5.dc2'], 'n[1-5].dc2'],
  ['other names do not', ['a1', 'b2', 'c3', 'd4', 'e5'], 'a1, b2, c3, d4, e5'],
  ['widths are kept apart', ['n8', 'n9', 'n10', 'n11', 'n012'], 'n[8-11], n012'],
])('%s', (_, hosts, shown) => {
  expect(hostNames(hosts, 1000)).toBe(shown);
});

test('hosts that do not form ranges are counted', () => {
  const hosts = Array.from({ length: 30 }, (_, index) => `${String.fromCharCode(97 + (index % 26))}x${index * 7}`);
  expect(hostNames(hosts, 1000)).toMatch(/and 24 more$/);
});

test('all hosts of many are said to be all', () => {
  expect(hostNames(numbered(1, 200), 200)).toBe('all 200 hosts');
});
