import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Script } from 'node:vm';
import { afterEach, beforeEach, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

let copy: string;
let bundle: string;

beforeEach(() => {
  copy = mkdtempSync(join(tmpdir(), 'start-'));
  for (const name of ['bin', 'dist', 'package.json']) cpSync(join(ROOT, name), join(copy, name), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  bundle = join(copy, 'dist', 'cli', 'tsplay.cjs');
});
afterEach(() => rmSync(copy, { recursive: true }));

const started = (): string => execFileSync(process.execPath, [join(copy, 'bin', 'tsplay.cjs'), '--version']).toString();

it('comes with compiled code that this Node takes', () => {
  const script = new Script(readFileSync(bundle, 'latin1'), {
    cachedData: readFileSync(`${bundle}.code`).subarray(32),
  });
  expect(script.cachedDataRejected).toBe(false);
  expect(started()).toBe(`${version}\n`);
});

it('does not run the compiled code of another text, though it be as long', () => {
  const text = readFileSync(bundle, 'latin1');
  const other = text.replace(/\.version\((version\d*)\)/, (_, name) => `.version("${'9'.repeat(name.length - 2)}")`);
  expect(other).toHaveLength(text.length);
  writeFileSync(bundle, other, 'latin1');
  expect(started()).toMatch(/^9+\n$/);
});

it.each([
  ['is missing', (code: string) => rmSync(code)],
  ['is empty', (code: string) => truncateSync(code, 0)],
  ['was cut off', (code: string) => truncateSync(code, 100_000)],
])('starts when the compiled code %s', (_, spoil) => {
  spoil(`${bundle}.code`);
  expect(started()).toBe(`${version}\n`);
});

it('starts when the text has grown since it was compiled', () => {
  appendFileSync(bundle, '\n');
  expect(started()).toBe(`${version}\n`);
});
