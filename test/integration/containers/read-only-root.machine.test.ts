import { join } from 'node:path';
import { expect, it } from 'vitest';
import { inventoryOf, startContainer } from '../../support/containers.ts';
import { play, workspace } from '../../support/play.ts';
import { complaints } from '../support/look.ts';
import { playTasks } from './in-step.ts';

const SITE = `
- hosts: all
  gather_facts: false
  tasks:
    - name: In memory
      copy: {content: "x\\n", dest: /run/fine}
    - name: On the disk
      copy: {content: "managed\\n", dest: /etc/motd}
    - name: After it
      copy: {content: "x\\n", dest: /run/after}
`;

it('a root file system that cannot be written fails that host, says why, and leaves nothing half-done', async () => {
  await using immutable = await startContainer('base', { hasReadOnlyRoot: true });
  await using usual = await startContainer('base');
  const inventory = inventoryOf({ immutable, usual });
  const motd = await immutable.look(['cat', '/etc/motd']);
  const run = await play(join(workspace({ 'site.yaml': SITE }), 'site.yaml'), { inventory: [inventory] });
  expect(run.exitCode).toBe(2);
  expect([...complaints(run).keys()]).toEqual(['immutable']);
  expect(complaints(run).get('immutable')).toBe('/etc/motd was not written: the file system is read-only');
  expect(await immutable.look(['cat', '/etc/motd'])).toBe(motd);
  expect(await immutable.look(['ls', '/run'])).toMatch(/^fine$/m);
  expect(await immutable.look(['ls', '/run'])).not.toMatch(/^after$/m);
  expect(await usual.look(['cat', '/etc/motd', '/run/after'])).toBe('managed\nx\n');
  const temporary = "find /etc /run /tmp /root -name '.tsplay-*'";
  expect(await immutable.look(['sh', '-c', temporary])).toBe('');
});

it.each([
  ['kernel-cmdline: {tokens: [iommu=pt]}', '/etc/default/grub.d/zz-tsplay.cfg'],
  ['kernel-module: {name: vfio-pci, state: unchanged, persistent: true}', '/etc/modules-load.d/tsplay-vfio_pci.conf'],
  ['initramfs: {modules: [vfio_pci]}', '/etc/initramfs-tools/modules'],
])('%s says so before a boot file is touched', async (task, path) => {
  await using immutable = await startContainer('debian-boot', { hasReadOnlyRoot: true });
  const said = complaints(await playTasks(immutable, `- ${task}`)).get('h1');
  expect(said).toBe(`${path} was not written: the file system is read-only`);
  expect((await playTasks(immutable, '- kernel-cmdline: {tokens: [quiet]}\n- initramfs:')).exitCode).toBe(0);
});
