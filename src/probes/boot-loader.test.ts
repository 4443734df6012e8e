import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readHere } from '../../test/support/read-here.ts';
import { bootLoader } from './boot-loader.ts';

const root = mkdtempSync(join(tmpdir(), 'loader-'));
afterAll(() => rmSync(root, { recursive: true }));

function host(name: string, files: Readonly<Record<string, string>>) {
  for (const [path, text] of Object.entries(files)) {
    const place = join(root, name, path);
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, text);
    if (path.includes('/sbin/') || path.includes('/bin/')) chmodSync(place, 0o755);
  }
  return readHere(bootLoader(join(root, name)));
}

const DEBIAN = {
  '/usr/sbin/update-grub': '#!/bin/sh\n',
  '/etc/default/grub': '',
  '/boot/grub/grub.cfg': 'menuentry x {\n}\n',
};
const ENTRY = { '/boot/loader/entries/abc-6.1.conf': 'title x\n' };

describe('bootLoader, by what is on the host', () => {
  it('names the rest of the menu, where entries are files', () => {
    expect(host('rhel', { ...ENTRY, '/boot/grub2/grub.cfg': 'insmod blscfg\nblscfg\n' })).toEqual({
      kind: 'bls',
      evidence: join(root, 'rhel/boot/grub2/grub.cfg'),
      configFile: join(root, 'rhel/boot/grub2/grub.cfg'),
    });
    expect(host('efi', { '/etc/grub2-efi.cfg': 'blscfg\n' })).toMatchObject({
      configFile: join(root, 'efi/etc/grub2-efi.cfg'),
    });
  });

  it('finds GRUB with update-grub, and its file', () => {
    expect(host('debian', DEBIAN)).toEqual({
      kind: 'grub-mkconfig',
      configFile: join(root, 'debian/boot/grub/grub.cfg'),
      updateCommand: join(root, 'debian/usr/sbin/update-grub'),
    });
  });

  it.each([
    ['bls', 'a grub.cfg that calls blscfg', { ...DEBIAN, '/boot/grub2/grub.cfg': 'insmod blscfg\n  blscfg\n' }],
    [
      'bls',
      'entries beside a grub.cfg of the RHEL family',
      { ...ENTRY, '/boot/grub2/grub.cfg': 'x\n', '/usr/sbin/grubby': '#!/bin/sh\n' },
    ],
    ['bls', 'a grub.cfg on the EFI partition, by its link', { '/etc/grub2-efi.cfg': 'blscfg\n' }],
    [
      'systemd-boot',
      'what the firmware says booted',
      { ...DEBIAN, '/sys/firmware/efi/efivars/LoaderInfo-4a67': 's\0y\0s\0t\0e\0m\0d\0-\0b\0o\0o\0t\0 \0' },
    ],
    ['systemd-boot', 'a loader.conf and no GRUB', { '/boot/efi/loader/loader.conf': '' }],
    ['ostree', 'its mark in /run, whatever else there is', { ...DEBIAN, '/run/ostree-booted': '' }],
    ['none', 'a grub.cfg that nothing regenerates', { '/boot/grub/grub.cfg': 'x\n' }],
    [
      'none',
      'entries that the menu beside them does not read, and nothing that makes that menu',
      { ...ENTRY, '/boot/grub2/grub.cfg': 'menuentry x {\n\tlinux /k ro\n}\n', '/usr/sbin/grubby': '#!/bin/sh\n' },
    ],
    ['none', 'nothing', { '/etc/hostname': 'x\n' }],
  ])('finds %s by %s', (kind, seen, files) => {
    expect(host(seen.replaceAll(/\W/g, '-'), files).kind).toBe(kind);
  });
});
