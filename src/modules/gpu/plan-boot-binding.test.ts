import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type CardFunction, makeSysfs } from '../../../test/support/sysfs-tree.ts';
import type { FileContent } from '../../contract/file-state.ts';
import { type PciFunction, parsePciTree } from '../../probes/pci.ts';
import {
  BINDING_HOOK,
  BINDING_MODULE,
  BINDING_SETUP,
  BINDING_SETUP_TEXT,
  bindingHook,
  parseBinding,
} from './boot-binding.ts';
import { planBootBinding } from './plan-boot-binding.ts';

const attributes = { mode: 0o755, uid: 0, gid: 0, owner: 'root', group: 'root', version: 'v', mtime: 0 };
const file = (path: string, text: string | null): FileContent =>
  text === null
    ? { kind: 'absent', path, realPath: path }
    : {
        kind: 'file',
        path,
        realPath: path,
        bytes: Buffer.from(text),
        state: { kind: 'file', path, size: text.length, links: 1, ...attributes },
      };
const two = parsePciTree(
  ['41', '42']
    .map((bus) => `function 0000:${bus}:00.0\nvendor 0x10de\ndevice 0x20f1\nclass 0x030200\niommu_group 7\n`)
    .join(''),
).functions;
const kept = two.filter((one) => one.address === '0000:41:00.0');

function planned(targets: readonly PciFunction[], driver: string, present: string | null) {
  const isThere = present !== null;
  return planBootBinding({
    driver,
    targets,
    functions: two,
    bootIds: [],
    stubIds: [],
    script: file(BINDING_HOOK, present),
    dracut: {
      directory: isThere
        ? { kind: 'directory', path: BINDING_MODULE, ...attributes }
        : { kind: 'absent', path: BINDING_MODULE },
      setup: file(BINDING_SETUP, isThere ? BINDING_SETUP_TEXT : null),
    },
  });
}
const steps = (changes: ReturnType<typeof planned>) =>
  changes.map((change) => `${change.kind} ${'path' in change ? change.path : ''}`);

describe('binding by address at boot, with dracut', () => {
  it('makes a module whose set-up is written last', () => {
    const changes = planned(kept, 'vfio-pci', null);
    expect(steps(changes)).toEqual([
      `make-directory ${BINDING_MODULE}`,
      `write-file ${BINDING_HOOK}`,
      `write-file ${BINDING_SETUP}`,
    ]);
    const hook = changes.find((change) => change.kind === 'write-file');
    const text = hook?.kind === 'write-file' ? Buffer.from(hook.bytes).toString() : '';
    expect([...parseBinding(text)]).toEqual([['0000:41:00.0', 'vfio-pci']]);
  });

  it('is content with the module as it should be', () => {
    expect(planned(kept, 'vfio-pci', bindingHook(new Map([['0000:41:00.0', 'vfio-pci']])))).toEqual([]);
  });

  it('takes the set-up away first when no card is left', () => {
    expect(steps(planned(kept, 'native', bindingHook(new Map([['0000:41:00.0', 'vfio-pci']]))))).toEqual([
      `remove-path ${BINDING_SETUP}`,
      `remove-path ${BINDING_HOOK}`,
      `remove-path ${BINDING_MODULE}`,
    ]);
  });
});

describe('the hook, sourced as dracut does', () => {
  it('binds, and leaves neither variables nor a status behind', () => {
    const root = mkdtempSync(join(tmpdir(), 'pre-udev-'));
    const vga: CardFunction = { address: '0000:88:00.0', id: '10de:2182', class: '030000', driver: 'nouveau' };
    makeSysfs(root, [vga]);
    const hook = join(root, 'hook.sh');
    writeFileSync(hook, bindingHook(new Map([[vga.address, 'vfio-pci']])).replaceAll('/sys/', `${root}/`));
    const sourced = spawnSync('sh', ['-c', `set -u; address=mine; . ${hook}; echo "$address"`, 'sh', 'pre-udev']);
    expect(sourced.stdout.toString()).toBe('mine\n');
    const read = (path: string) => readFileSync(join(root, path), 'utf8');
    expect(read(`devices/pci0000:00/${vga.address}/driver_override`)).toBe('vfio-pci');
    expect(read('bus/pci/drivers/nouveau/unbind')).toBe(vga.address);
    expect(read('bus/pci/drivers_probe')).toBe(vga.address);
    rmSync(root, { recursive: true });
  });
});
