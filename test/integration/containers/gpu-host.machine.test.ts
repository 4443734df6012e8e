import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Played } from '../../support/play.ts';
import { complaints, tasksOf } from '../support/look.ts';
import { type BareHost, startBareHost } from './bare-host.ts';
import { diffsOf } from './in-step.ts';
import { bootLines, diskTree, imageFile, imageFiles, kernels, leftovers } from './look.ts';

const IDS = '10de:0e0a,10de:11b4';

describe('gpu-cloud.yaml on a Debian with real boot tools', () => {
  let host: BareHost;
  let checked: Played;
  beforeAll(async () => {
    host = await startBareHost('debian-boot');
  });
  afterAll(() => host?.close());

  it('in check mode changes nothing on the disk and says what it would', async () => {
    const before = await diskTree(host.container);
    expect(before.length).toBeGreaterThan(5000);
    checked = await host.play({ mode: 'check' });
    expect(complaints(checked)).toEqual(new Map());
    expect(checked.exitCode).toBe(3);
    expect(tasksOf(checked, 'unknown')).toEqual(new Map());
    expect(tasksOf(checked, 'changed').get('gpu01')).toContain('The initramfs of every kernel');
    expect(await diskTree(host.container)).toEqual(before);
    expect(await leftovers(host.container)).toBe('');
  });

  it('puts the parameters into every entry that grub-mkconfig generates', async () => {
    const run = await host.play();
    expect(complaints(run)).toEqual(new Map());
    expect(diffsOf(checked), 'check foretells what run does').toEqual(diffsOf(run));
    expect(run.exitCode).toBe(0);
    const lines = await bootLines(host.container);
    expect(lines).toHaveLength(3);
    for (const line of lines) expect(line).toMatch(/ intel_iommu=on iommu=pt(\s|$)/);
    expect((await host.container.exec(['grub-script-check', '/boot/grub/grub.cfg'])).code).toBe(0);
  });

  it('puts the binding into the image of every kernel, as unmkinitramfs finds it there', async () => {
    const installed = await kernels(host.container);
    expect(installed).toHaveLength(2);
    for (const kernel of installed) {
      const files = await imageFiles(host.container, kernel);
      expect(files.filter((file) => /\/vfio-pci\.ko(\.xz)?$/.test(file))).toHaveLength(1);
      expect(await imageFile(host.container, kernel, 'etc/modprobe.d/tsplay-vfio_pci.conf')).toContain(`ids=${IDS}`);
      expect(await imageFile(host.container, kernel, 'conf/modules')).toMatch(
        /^vfio *\nvfio_iommu_type1 *\nvfio_pci *$/m,
      );
    }
    expect(await leftovers(host.container)).toBe('');
  });

  it('changes nothing the second time, and check finds nothing', async () => {
    const before = await diskTree(host.container);
    const again = await host.play();
    expect(tasksOf(again, 'changed')).toEqual(new Map());
    expect(again.exitCode).toBe(0);
    expect((await host.play({ mode: 'check' })).exitCode).toBe(0);
    expect(await diskTree(host.container)).toEqual(before);
  });
});
