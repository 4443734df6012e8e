import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { readHere } from '../../../test/support/read-here.ts';
import { novaRelease, releaseNumber } from './release.ts';

describe('releaseNumber', () => {
  it.each([
    ['2025.1', 31],
    ['2023.1', 27],
    ['2026.1', 33],
    ['zed', 26],
    ['Caracal', 29],
    ['31', 31],
    ['31.0.2', 31],
    ['2:26.2.2-1~deb12u5', 26],
    ['3:29.0.1-0ubuntu1~cloud0', 29],
    ['33.0.0~b2', 33],
    ['nonsense', undefined],
    ['', undefined],
    ['2025.3', undefined],
  ])('%s is %s', (text, number) => {
    expect(releaseNumber(text)).toBe(number);
  });
});

describe('novaRelease', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'nova-release-'));
  });
  afterEach(() => rmSync(root, { recursive: true }));
  const put = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
    chmodSync(join(root, path), 0o755);
  };
  const VENV = 'openstack/venvs/nova-30.1.0/lib/python3.12/site-packages';

  it('is what the package database says of the installed package', () => {
    const entry = (name: string, status: string, version: string) =>
      `Package: ${name}\nStatus: ${status}\nMaintainer: x <x@y>\nArchitecture: all\nVersion: ${version}\nDescription: x\n\n`;
    put(
      'var/lib/dpkg/status',
      entry('nova-common', 'deinstall ok config-files', '2:20.0.0') +
        entry('python3-nova', 'install ok installed', '2:26.2.2-1'),
    );
    put(`${VENV}/nova-30.1.0.dist-info/METADATA`, '');
    expect(readHere(novaRelease(root))).toBe(26);
  });
  it("is what Python's metadata says, where there is no package", () => {
    put(`${VENV}/nova-30.1.0.dist-info/METADATA`, '');
    put('usr/local/lib/python3.11/dist-packages/nova_powervm-9.0.0.dist-info/METADATA', '');
    expect(readHere(novaRelease(root))).toBe(30);
  });
  it('is what nova-manage says where several versions lie side by side', () => {
    put(`${VENV}/nova-30.1.0.dist-info/METADATA`, '');
    put('usr/lib/python3/dist-packages/nova-26.2.2.egg-info/PKG-INFO', '');
    put('usr/bin/nova-manage', '#!/bin/sh\necho 31.0.1\n');
    expect(readHere(novaRelease(root))).toBe(31);
  });
  it('is null where there is no Nova', () => {
    expect(readHere(novaRelease(root))).toBeNull();
  });
});
