import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Played } from '../../support/play.ts';
import { complaints, tasksOf } from '../support/look.ts';
import { type BareHost, startBareHost } from './bare-host.ts';
import { dracutFile } from './dracut-image.ts';
import { diffsOf } from './in-step.ts';
import { diskTree, kernels, leftovers } from './look.ts';

/** The `options` line of every entry, by the end of its name. */
async function options({ container }: BareHost): Promise<Readonly<Record<string, string>>> {
  const listed = await container.look(['sh', '-c', 'cd /boot/loader/entries && grep -H "^options" *.conf']);
  return Object.fromEntries(
    listed
      .trim()
      .split('\n')
      .map((line) => [line.slice(33, line.indexOf('.conf:')), line.slice(line.indexOf(':') + 1)]),
  );
}

describe('gpu-cloud.yaml on a host of the RHEL kind: entries are files, dracut names its images', () => {
  let host: BareHost;
  let checked: Played;
  let installed: readonly string[] = [];
  let bare: Readonly<Record<string, string>> = {};
  beforeAll(async () => {
    host = await startBareHost('bls');
    // As the RHEL family has it: images for this host only.
    await host.container.look(['sh', '-c', 'echo \'hostonly="yes"\' >/etc/dracut.conf.d/rhel.conf']);
    installed = await kernels(host.container);
    bare = await options(host);
  });
  afterAll(() => host?.close());

  it('in check mode changes nothing on the disk and shows the line of each entry', async () => {
    const before = await diskTree(host.container);
    checked = await host.play({ mode: 'check' });
    expect(complaints(checked)).toEqual(new Map());
    expect(checked.exitCode).toBe(3);
    expect(tasksOf(checked, 'unknown')).toEqual(new Map());
    expect(tasksOf(checked, 'changed').get('gpu01')).toContain('Kernel command line');
    expect(await diskTree(host.container)).toEqual(before);
  });

  it('puts parameters into every entry but the rescue one, and into what later kernels get', async () => {
    const run = await host.play();
    expect(complaints(run)).toEqual(new Map());
    expect(diffsOf(checked), 'check foretells what run does').toEqual(diffsOf(run));
    const added = ' intel_iommu=on iommu=pt';
    expect(await options(host)).toEqual({
      ...Object.fromEntries(installed.map((kernel) => [kernel, `${bare[kernel]}${added}`])),
      '0-rescue': bare['0-rescue'],
    });
    expect(await host.container.look(['cat', '/etc/kernel/cmdline'])).toMatch(/ intel_iommu=on iommu=pt\n$/);
    expect(await host.container.look(['sh', '-c', '. /etc/default/grub; echo "$GRUB_CMDLINE_LINUX"'])).toBe(
      `console=ttyS0,115200n8${added}\n`,
    );
  });

  it('finds the images under the names they have there, and makes no others', async () => {
    for (const kernel of installed)
      expect(
        await dracutFile(host.container, `/boot/initramfs-${kernel}.img`, 'etc/modprobe.d/tsplay-vfio_pci.conf'),
      ).toContain('ids=10de:0e0a,10de:11b4');
    expect(await host.container.look(['sh', '-c', 'ls -A /boot | grep -c -e "^init" -e "^\\."'])).toBe(
      `${installed.length}\n`,
    );
    expect(await leftovers(host.container)).toBe('');
  });

  it('changes nothing the second time, and check finds nothing', async () => {
    const before = await diskTree(host.container);
    expect(tasksOf(await host.play(), 'changed')).toEqual(new Map());
    expect((await host.play({ mode: 'check' })).exitCode).toBe(0);
    expect(await diskTree(host.container)).toEqual(before);
  });

  it('mends the one entry that lost a parameter, without touching another', async () => {
    const [first = ''] = installed;
    const others = installed.slice(1).map((kernel) => `/boot/loader/entries/*-${kernel}.conf`);
    const before = await host.container.look(['sh', '-c', `stat -c '%n %i' ${others.join(' ')}`]);
    await host.container.look(['sh', '-c', `sed -i 's/ iommu=pt//' /boot/loader/entries/*-${first}.conf`]);
    const run = await host.play();
    expect(tasksOf(run, 'changed').get('gpu01')).toEqual(['Kernel command line']);
    expect((await options(host))[first]).toBe(`${bare[first]} intel_iommu=on iommu=pt`);
    expect(await host.container.look(['sh', '-c', `stat -c '%n %i' ${others.join(' ')}`])).toBe(before);
  });

  it('lets a kernel that came later have both, entry and image', async () => {
    const [first = ''] = installed;
    const entry = `/boot/loader/entries/*-${first}.conf`;
    const script = `sed "s/^options .*/options $(sed 's/ .*//' /etc/kernel/cmdline)/" ${entry} >/boot/loader/entries/late-1.conf`;
    await host.container.look(['sh', '-c', `${script}; rm /boot/initramfs-${first}.img`]);
    expect(complaints(await host.play())).toEqual(new Map());
    const image = `/boot/initramfs-${first}.img`;
    expect(await dracutFile(host.container, image, 'etc/modprobe.d/tsplay-vfio_pci.conf')).toContain('ids=');
    expect(await host.container.look(['grep', '^options', '/boot/loader/entries/late-1.conf'])).toMatch(
      / intel_iommu=on iommu=pt\n$/,
    );
  });
});
