import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { rebootGate } from './reboot-gate.ts';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'gate-'));
  mkdirSync(join(root, 'bin'));
  // Only these: this machine may have the real tools.
  for (const name of ['grep', 'sed', 'tr', 'head']) symlinkSync(`/usr/bin/${name}`, join(root, 'bin', name));
});
afterAll(() => rmSync(root, { recursive: true }));

/** Reads a real archive, as lsinitramfs(8) does once it has decompressed one: cpio says when it ends early. */
const tool = (name: string): void => {
  writeFileSync(join(root, 'bin', name), '#!/bin/sh\ngrep -q "TRAILER!!!" "$1"\n');
  chmodSync(join(root, 'bin', name), 0o755);
};

function brokenAmong(files: Readonly<Record<string, string>>): readonly string[] {
  const paths = Object.keys(files).map((name) => join(root, name));
  for (const [name, text] of Object.entries(files)) if (text !== 'absent') writeFileSync(join(root, name), text);
  const { kind, subject } = rebootGate({ named: paths, kernelAlone: null });
  const [command] = kind.commands([subject]);
  if (command?.kind !== 'script') throw new Error('the gate is one script');
  const done = spawnSync('/bin/sh', ['-c', command.script, 'sh', ...command.args], {
    env: { PATH: join(root, 'bin') },
  });
  const [reading] = kind.parse([subject], [{ code: 0, stdout: done.stdout, stderr: done.stderr, truncated: false }]);
  if (!reading?.ok) throw new Error('no reading');
  return reading.value.brokenFiles.map((path: string) => path.slice(root.length + 1));
}

const image = '070701 conf/initramfs.conf TRAILER!!!';

it('names boot files that are absent or empty', () => {
  expect(brokenAmong({ 'vmlinuz-1': 'kernel', 'vmlinuz-2': '', 'initrd.img-3': 'absent' })).toEqual([
    'vmlinuz-2',
    'initrd.img-3',
  ]);
});

it.each(['lsinitramfs', 'lsinitrd'])(
  'names an initramfs that %s cannot read to its end, and asks nobody about kernels',
  (name) => {
    tool(name);
    expect(brokenAmong({ 'initrd.img-1': image, 'initramfs-2.img': image.slice(0, 20), vmlinuz: 'kernel' })).toEqual([
      'initramfs-2.img',
    ]);
    rmSync(join(root, 'bin', name));
  },
);

it('names the image of a kernel whose entry names none, and no image of another', () => {
  mkdirSync(join(root, 'boot'));
  writeFileSync(join(root, 'boot/initrd.img-6.1.0-1'), image);
  const unnamed = (kernel: string | null) => {
    const { kind, subject } = rebootGate({ named: [], kernelAlone: kernel });
    const [command] = kind.commands([subject]);
    if (command?.kind !== 'script') throw new Error('the gate is one script');
    const text = command.script.replaceAll('/boot/init', `${root}/boot/init`);
    const done = spawnSync('/bin/sh', ['-c', text, 'sh', ...command.args], { env: { PATH: join(root, 'bin') } });
    return /^unnamed (.*)$/m.exec(done.stdout.toString())?.[1] ?? null;
  };
  expect(unnamed('/vmlinuz-6.1.0-1')).toBe(join(root, 'boot/initrd.img-6.1.0-1'));
  expect(unnamed('/boot/vmlinuz-6.1.0-2')).toBeNull();
  expect(unnamed(null)).toBeNull();
});
