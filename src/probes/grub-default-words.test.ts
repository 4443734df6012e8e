import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readHere } from '../../test/support/read-here.ts';
import { grubDefaultWords } from './grub-default-words.ts';

let root = '';
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'grub-words-'));
});
afterAll(() => rmSync(root, { recursive: true }));

function read(text: string) {
  writeFileSync(join(root, 'grub'), text);
  const found = readHere(grubDefaultWords(join(root, 'grub')));
  return found && { text: found.text, words: found.words.map((token) => token.text) };
}

it('gives the text and what variables and commands in it stand for, whatever it prints', () => {
  const text = 'echo noise\nX=iommu=off\nGRUB_CMDLINE_LINUX="a $X"\nGRUB_CMDLINE_LINUX_DEFAULT="$(echo b)"';
  expect(read(text)).toEqual({ text, words: ['a', 'iommu=off', 'b'] });
});

it('gives no words where a command in it fails, and nothing for a file that is not there', () => {
  expect(read('GRUB_CMDLINE_LINUX=a\nfalse\n')?.words).toEqual([]);
  expect(readHere(grubDefaultWords(join(root, 'none')))).toBeNull();
});
