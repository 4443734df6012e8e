import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { readHere } from '../../test/support/read-here.ts';
import { libvirtDevices } from './libvirt-devices.ts';

/** What `virsh nodedev-dumpxml` of libvirt 9.0 prints for a card with SR-IOV, shortened. */
const XML = `<device>
  <name>pci_0000_84_00_0</name>
  <driver>
    <name>vfio-pci</name>
  </driver>
  <capability type='pci'>
    <class>0x030200</class>
    <capability type='virt_functions' maxCount='16'/>
    <iommuGroup number='40'>
      <address domain='0x0000' bus='0x84' slot='0x00' function='0x0'/>
    </iommuGroup>
  </capability>
</device>`;

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'virsh-'));
  writeFileSync(join(directory, 'card.xml'), XML);
  vi.stubEnv('PATH', `${directory}:${process.env.PATH}`);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true });
});

function virsh(body: string): void {
  writeFileSync(join(directory, 'virsh'), `#!/bin/sh\n${body}\n`);
  chmodSync(join(directory, 'virsh'), 0o755);
}

it('tells the capabilities of the devices libvirt knows, and leaves out those it does not', () => {
  virsh(`case "$*" in
    "-r -q -c qemu:///system nodedev-list --cap pci") echo pci_0000_84_00_0;;
    *" nodedev-dumpxml pci_0000_84_00_0") cat ${directory}/card.xml;;
    *) echo 'error: Could not find matching device' >&2; exit 1;;
  esac`);
  expect(readHere(libvirtDevices(['0000:84:00.0', '0000:88:00.0']))).toEqual({
    kind: 'answered',
    capabilities: new Map([['0000:84:00.0', ['pci', 'virt_functions']]]),
  });
});

it('a libvirt that does not answer is told from one that does not know a device', () => {
  virsh(`echo 'error: failed to connect to the hypervisor' >&2
    echo 'error: Failed to connect socket: No such file or directory' >&2; exit 1`);
  expect(readHere(libvirtDevices(['0000:84:00.0']))).toEqual({
    kind: 'no-answer',
    complaint: 'error: Failed to connect socket: No such file or directory',
  });
});

it('a host without virsh says so', () => {
  const { kind, subject } = libvirtDevices([]);
  expect(
    kind.parse([subject], [{ code: 0, stdout: Buffer.from('none\n'), stderr: Buffer.alloc(0), truncated: false }]),
  ).toEqual([{ ok: true, value: { kind: 'no-virsh' } }]);
});
