import fc from 'fast-check';
import { expect, it } from 'vitest';
import { TaskError } from '../../contract/task-error.ts';
import { novaConfArgs } from './args.ts';
import type { ConfigSet } from './config-set.ts';
import { decide } from './decide.ts';
import { osloText } from './oslo-text.ts';

const PATH = '/etc/nova/nova.conf';
const LINES = [
  '[DEFAULT]',
  '[pci]',
  '[PCI]',
  '[Pci]',
  '[database]',
  '# a comment',
  '; another',
  '#alias = sample',
  '',
  '   ',
  'debug = true',
  'x: y=z',
  'connection = mysql://a:b@c/d?x=%s',
  'my = $other',
  'long = a,',
  '  b,',
  '\tc',
  'alias = {"name":"t4","vendor_id":"10de","product_id":"1eb8"}',
  'device_spec = {"vendor_id":"15b3"}',
  'é = ü',
];
const ENDS = ['\n', '\n', '\n', '\r\n', '\r'];
const file = fc
  .array(fc.tuple(fc.constantFrom(...LINES), fc.constantFrom(...ENDS)), { maxLength: 30 })
  .map((lines) => `[DEFAULT]\n${lines.map(([line, end]) => line + end).join('')}`)
  .chain((text) => fc.constantFrom(text, text.replace(/[\r\n]+$/, '')));

const args = novaConfArgs.parse({
  pci: { alias: { contains: [{ name: 'k4200', vendor_id: '10de', product_id: '11b4' }] } },
  options: { DEFAULT: { added: 'yes' } },
});
const OURS = /^(?:added = yes|alias = \{"name": "k4200".*\})[\r\n]+/;

/** A last line without an end gets one, and a new section comes at the end, after a blank line. */
function allowed(text: string): readonly string[] {
  const end = text.includes('\r\n') ? '\r\n' : '\n';
  const closed = /[\r\n]$/.test(text) ? text : `${text}${end}`;
  return [text, closed, `${closed}[pci]${end}`, `${closed}${end}[pci]${end}`];
}

it('keeps every byte of every file it accepts, but for the lines it adds', () => {
  let accepted = 0;
  fc.assert(
    fc.property(file, (text) => {
      const set = { texts: [osloText(PATH, text)], path: PATH, editable: new Set([PATH]) };
      const after = decidedLines(set);
      if (!after) return;
      accepted += 1;
      expect(allowed(text)).toContain(after.filter((line) => !OURS.test(line)).join(''));
      expect(after.filter((line) => OURS.test(line))).toHaveLength(2);
    }),
    { numRuns: 300 },
  );
  expect(accepted).toBeGreaterThan(50);
});

/** Undefined for files that Nova would refuse. */
function decidedLines(set: ConfigSet): readonly string[] | undefined {
  try {
    return decide(args, { set, release: 31 }).set.texts.flatMap((one) => one.lines);
  } catch (error) {
    if (error instanceof TaskError) return undefined;
    throw error;
  }
}
