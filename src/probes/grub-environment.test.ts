import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseGrubEnvironment, withGrubVariable } from './grub-environment.ts';

const BLOCK = '# GRUB Environment Block\nsaved_entry=abc-1\nkernelopts=root=/dev/sda ro \nboot_success=0\n'.padEnd(
  1024,
  '#',
);

describe("GRUB's environment block", () => {
  it('sets one variable where it stands, and keeps the size', () => {
    const changed = withGrubVariable(BLOCK, 'kernelopts', 'root=/dev/sda ro iommu=pt') ?? '';
    expect(changed).toHaveLength(1024);
    expect(changed.split('\n').slice(0, 4)).toEqual([
      '# GRUB Environment Block',
      'saved_entry=abc-1',
      'kernelopts=root=/dev/sda ro iommu=pt',
      'boot_success=0',
    ]);
  });

  it('adds a variable, also to a block that is not there yet', () => {
    expect(parseGrubEnvironment(withGrubVariable(BLOCK, 'a', 'b=c\\d') ?? '').get('a')).toBe('b=c\\d');
    expect(withGrubVariable('', 'a', 'b')).toBe('# GRUB Environment Block\na=b\n'.padEnd(1024, '#'));
  });

  it('does not grow', () => {
    expect(withGrubVariable(BLOCK, 'kernelopts', 'x'.repeat(1000))).toBeNull();
  });

  const editor = ['grub-editenv', 'grub2-editenv'].find((name) => spawnSync(name, ['--version']).status === 0);
  it.skipIf(!editor)('is read back by GRUB itself, and reads what GRUB writes', () => {
    const root = mkdtempSync(join(tmpdir(), 'grubenv-'));
    const path = join(root, 'grubenv');
    const run = (...words: readonly string[]) => spawnSync(editor ?? '', [path, ...words]).stdout.toString();
    writeFileSync(path, withGrubVariable(BLOCK, 'kernelopts', 'root=UUID=1 dyndbg="file a\\b +p"') ?? '');
    expect(run('list')).toBe('saved_entry=abc-1\nkernelopts=root=UUID=1 dyndbg="file a\\b +p"\nboot_success=0\n');
    run('set', 'tuned_params=iommu=pt x=\\y');
    expect(parseGrubEnvironment(readFileSync(path, 'utf8')).get('tuned_params')).toBe('iommu=pt x=\\y');
    rmSync(root, { recursive: true });
  });
});
