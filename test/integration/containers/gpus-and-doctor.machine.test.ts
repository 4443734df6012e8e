import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Container, inventoryOf, startContainer } from '../../support/containers.ts';
import { play } from '../../support/play.ts';
import { makeSysfs } from '../../support/sysfs-tree.ts';
import { complaints } from '../support/look.ts';
import { doctorSays, gpusSay } from '../support/look-verbs.ts';
import { GPU_CLOUD } from './bare-host.ts';

const DISPLAY = '0000:84:00.0';
const AUDIO = '0000:84:00.1';
const WISH = ' intel_iommu=on iommu=pt';

/** What a host of each kind has in place of Debian's own, and how its next boot's parameters are changed by hand. */
const KINDS = [
  {
    name: 'entries that are files, images of dracut under their names there',
    image: 'bls',
    loses: "sed -i 's/ intel_iommu=on//' /boot/loader/entries/*.conf",
    otherLoses: `cd /boot/loader/entries && sed -i 's/ intel_iommu=on//' $(ls *.conf | sort -V | sed -n 2p)`,
  },
  {
    name: 'images that dracut makes, and the menu of grub-mkconfig',
    image: 'debian-dracut',
    loses: "sed -i 's/ intel_iommu=on//' /boot/grub/grub.cfg",
    otherLoses: undefined,
  },
] as const;

/** A PCI tree that a test changes as a boot would; the container sees it as it is. */
function makeTree(root: string): void {
  for (const directory of ['firmware/acpi/tables', 'fs/cgroup', 'class/iommu', 'module', 'kernel/iommu_groups'])
    mkdirSync(join(root, directory), { recursive: true });
  writeFileSync(join(root, 'firmware/acpi/tables/DMAR'), 'DMAR');
  makeSysfs(root, [
    { address: DISPLAY, id: '10de:11b4', class: '030000', driver: 'nouveau' },
    { address: AUDIO, id: '10de:0e0a', class: '040300', driver: 'snd_hda_intel' },
  ]);
}

/** The IOMMU in use and both functions with vfio-pci, which is what the kernel makes of the configuration. */
function bootTree(root: string): void {
  mkdirSync(join(root, 'class/iommu/dmar0'));
  for (const address of [DISPLAY, AUDIO]) {
    const place = join(root, 'devices/pci0000:00', address);
    mkdirSync(join(root, 'kernel/iommu_groups/40'), { recursive: true });
    symlinkSync(join(root, 'kernel/iommu_groups/40'), join(place, 'iommu_group'));
    giveTo(root, address, 'vfio-pci');
  }
}

function giveTo(root: string, address: string, driver: string): void {
  const link = join(root, 'devices/pci0000:00', address, 'driver');
  mkdirSync(join(root, 'bus/pci/drivers', driver), { recursive: true });
  rmSync(link);
  symlinkSync(join(root, 'bus/pci/drivers', driver), link);
}

describe.each(KINDS)('gpus and doctor on a host with $name', ({ image, loses, otherLoses }) => {
  let host: Container;
  let inventory = '';
  const root = mkdtempSync(join(tmpdir(), 'tsplay-look-'));

  beforeAll(async () => {
    makeTree(root);
    host = await startContainer(image, { hasSystemd: true, binds: { '/sys': root, [root]: root } });
    await bootWith('BOOT_IMAGE=/vmlinuz root=/dev/sda1 ro console=ttyS0,115200n8');
    inventory = inventoryOf({ gpu01: host }, { gpu_reboot: 'never', gpu_configure_nova: false }, 'gpu_hosts');
  });
  afterAll(async () => {
    await host?.stop();
    rmSync(root, { recursive: true, force: true });
  });

  const shell = (text: string) => host.look(['sh', '-c', text]);

  /** Containers have the machine's own; a file over it is what /proc/cmdline of a host of its own would be. */
  async function bootWith(cmdline: string): Promise<void> {
    await shell(
      `umount /proc/cmdline 2>/dev/null; echo '${cmdline}' >/run/cmdline && mount --bind /run/cmdline /proc/cmdline`,
    );
  }

  it('before anybody prepared it: the playbook is what mends it', async () => {
    const found = await doctorSays(inventory);
    expect(found.first_break).toEqual({ link: 'iommu', hosts: ['gpu01'] });
    expect(found.all('iommu')[0]?.mend).toMatch(/^tsplay run playbooks\/gpu-cloud\.yaml .* --limit gpu01$/);
    expect(found.all('cmdline')).toMatchObject([{ status: 'holds' }]);
    expect(found.code).toBe(3);
    const { hosts } = await gpusSay(inventory);
    expect(hosts[0].cards).toMatchObject([{ address: DISPLAY, state: 'not-ready' }]);
  });

  it('prepared and not rebooted: a reboot is what mends it', async () => {
    const played = await play(GPU_CLOUD, { inventory: [inventory], taskTimeout: 900, timeout: 60 });
    expect(complaints(played)).toEqual(new Map());
    const found = await doctorSays(inventory);
    expect(found.first_break).toEqual({ link: 'iommu', hosts: ['gpu01'] });
    expect(found.all('iommu')[0]?.mend).toMatch(/^tsplay run playbooks\/rolling-reboot\.yaml .* --limit gpu01$/);
    expect(found.all('cmdline')).toMatchObject([
      { status: 'broken', detail: 'intel_iommu=on iommu=pt comes only with the next boot' },
    ]);
  });

  it('rebooted: every link of the host holds, and the first break is where Nova comes in', async () => {
    await bootWith(`BOOT_IMAGE=/vmlinuz root=/dev/sda1 ro console=ttyS0,115200n8${WISH}`);
    bootTree(root);
    const found = await doctorSays(inventory);
    const links = ['firmware', 'iommu', 'cmdline', 'functions', 'groups'];
    expect(links.flatMap((link) => found.all(link)).map(({ status }) => status)).toEqual(links.map(() => 'holds'));
    expect(found.all('cmdline')[0]?.detail).toBe('intel_iommu=on iommu=pt');
    expect(found.first_break).toEqual({ link: 'device-spec', hosts: ['gpu01'] });
    const { hosts } = await gpusSay(inventory);
    expect(hosts[0].cards).toMatchObject([{ address: DISPLAY, state: 'ready', is_viable: true, iommu_group: 40 }]);
  });

  it('what the next boot would lose is named, though everything works now', async () => {
    await shell('cp -a /boot /root/boot');
    await shell(loses);
    const found = await doctorSays(inventory);
    await shell('cp -a /root/boot/. /boot/');
    expect(found.first_break).toEqual({ link: 'cmdline', hosts: ['gpu01'] });
    expect(found.all('cmdline')[0]?.detail).toMatch(/intel_iommu=on/);
    expect((await doctorSays(inventory)).all('cmdline')).toMatchObject([{ status: 'holds' }]);
  });

  it.skipIf(otherLoses === undefined)('an entry is judged when the next boot takes it, and not else', async () => {
    await shell(`cp -a /boot /root/boot2; ${otherLoses}`);
    const newest = await doctorSays(inventory);
    const block =
      "{ printf '# GRUB Environment Block\\nsaved_entry=%s\\n' \"${id%.conf}\"; printf '%1024s' | tr ' ' '#'; } | head -c 1024";
    await shell(`cd /boot/loader/entries; id=$(ls *.conf | sort -V | sed -n 2p); ${block} >/boot/grub2/grubenv`);
    const older = await doctorSays(inventory);
    await shell('cp -a /root/boot2/. /boot/');
    expect(newest.all('cmdline')).toMatchObject([{ status: 'holds' }]);
    expect(older.first_break).toEqual({ link: 'cmdline', hosts: ['gpu01'] });
    expect(older.all('cmdline')[0]?.detail).toBe('intel_iommu=on goes with the next boot');
  });

  it('a function given back to its driver is named by both', async () => {
    giveTo(root, AUDIO, 'snd_hda_intel');
    const found = await doctorSays(inventory);
    const { hosts } = await gpusSay(inventory);
    giveTo(root, AUDIO, 'vfio-pci');
    expect(found.first_break).toEqual({ link: 'functions', hosts: ['gpu01'] });
    expect(found.all('functions')[0]?.detail).toBe(`audio function ${AUDIO} on snd_hda_intel`);
    expect(hosts[0].cards[0].reasons).toEqual([`audio function ${AUDIO} on snd_hda_intel`]);
  });
});
