import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { complaints, tasksOf } from '../support/look.ts';
import { type BareHost, startBareHost } from './bare-host.ts';
import { dracutFile, dracutFiles, madeAt } from './dracut-image.ts';
import { diffsOf } from './in-step.ts';
import { bootLines, diskTree, kernels, leftovers } from './look.ts';

describe('gpu-cloud.yaml on a Debian whose images dracut makes', () => {
  let host: BareHost;
  let images: readonly string[] = [];
  beforeAll(async () => {
    host = await startBareHost('debian-dracut');
    images = (await kernels(host.container)).map((kernel) => `/boot/initrd.img-${kernel}`);
  });
  afterAll(() => host?.close());

  it('puts drivers and modprobe.d into images made for any host, and parameters into the menu', async () => {
    const checked = await host.play({ mode: 'check' });
    expect(tasksOf(checked, 'unknown')).toEqual(new Map());
    const run = await host.play();
    expect(complaints(run)).toEqual(new Map());
    expect(diffsOf(checked), 'check foretells what run does').toEqual(diffsOf(run));
    expect(images).toHaveLength(2);
    for (const image of images) {
      const files = await dracutFiles(host.container, image);
      expect(files.filter((file) => /\/vfio-pci\.ko(\.\w+)?$/.test(file))).toHaveLength(1);
      expect(await dracutFile(host.container, image, 'etc/modprobe.d/tsplay-vfio_pci.conf')).toContain(
        'options vfio_pci ids=10de:0e0a,10de:11b4',
      );
      expect(await dracutFile(host.container, image, 'etc/cmdline.d/20-force_drivers.conf')).toBe(
        'rd.driver.pre=vfio\nrd.driver.pre=vfio_iommu_type1\nrd.driver.pre=vfio_pci\n',
      );
    }
    for (const line of await bootLines(host.container)) expect(line).toMatch(/ intel_iommu=on iommu=pt(\s|$)/);
    expect(await leftovers(host.container)).toBe('');
  });

  it('changes nothing the second time, and check finds nothing', async () => {
    const before = await diskTree(host.container);
    expect(tasksOf(await host.play(), 'changed')).toEqual(new Map());
    expect((await host.play({ mode: 'check' })).exitCode).toBe(0);
    expect(await diskTree(host.container)).toEqual(before);
  });

  it('tells an image cut short, and makes that one again and no other', async () => {
    const [cut = '', whole = ''] = images;
    const before = await madeAt(host.container, [whole]);
    await host.container.look(['truncate', '-s', '3M', cut]);
    const checked = await host.play({ mode: 'check' });
    expect(tasksOf(checked, 'changed').get('gpu01')).toEqual(['The initramfs of every kernel']);
    expect(complaints(await host.play())).toEqual(new Map());
    expect((await host.container.exec(['sh', '-c', 'lsinitrd "$1" >/dev/null', 'sh', cut])).code).toBe(0);
    expect(await madeAt(host.container, [whole])).toBe(before);
  });

  it('keeps the old image when dracut fails, and says whose it is', async () => {
    const before = await madeAt(host.container, images);
    const script = `mkdir -p /usr/lib/dracut/modules.d/99broken
echo 'check() { return 0; }; install() { exit 3; }' >/usr/lib/dracut/modules.d/99broken/module-setup.sh
echo 'options snd_hda_intel power_save=0' >/etc/modprobe.d/new.conf`;
    await host.container.look(['sh', '-c', script]);
    const run = await host.play();
    expect(run.exitCode).toBe(2);
    expect([...complaints(run).values()].flat().join(' ')).toMatch(/the image of kernel \S+ is as it was/);
    expect(await madeAt(host.container, images)).toBe(before);
    expect(await leftovers(host.container)).toBe('');
  });
});
