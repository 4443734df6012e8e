import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Container, startContainer } from '../../support/containers.ts';
import { expectForetold, expectRefused, playTasks } from './in-step.ts';
import { complaints } from '../support/look.ts';

const WANTED = '- kernel-cmdline: {tokens: [intel_iommu=on, iommu=pt]}';
const ADDED = 'intel_iommu=on iommu=pt';
const BARE = 'root=UUID=6d7a1c1e-1d5c-4c5e-9f0b-1c62a7a1a001 ro console=ttyS0,115200n8';
const ENTRIES = '/boot/loader/entries';
/** An environment block of the size that GRUB gives it. */
const block = (...lines: readonly string[]) =>
  `{ printf '# GRUB Environment Block\\n'; printf '%s\\n' ${lines.map((line) => `'${line}'`).join(' ')}; printf '%1024s' | tr ' ' '#'; } | head -c 1024 >/boot/grub2/grubenv;`;
const options = (line: string) => `sed -i 's/^options.*/options ${line}/' ${ENTRIES}/*.conf;`;

describe('boot entries that are files, on a small file system of their own', () => {
  let host: Container;
  const sh = (script: string) => host.look(['sh', '-c', script]);
  /** What the option lines of all but the rescue entry say, each once. */
  const lines = async () => [
    ...new Set((await sh(`cd ${ENTRIES}; grep -h ^options $(ls *.conf | grep -v rescue)`)).trim().split('\n')),
  ];

  beforeAll(async () => {
    host = await startContainer('bls', { tmpfs: { '/boot/loader': 'size=256k' } });
    await sh('mkdir -p /root/keep/etc/default; cp -a /etc/default/grub /root/keep/etc/default/');
    await sh(
      'mkdir /root/keep/boot; cp -a /etc/kernel /root/keep/etc/; cp -a /boot/grub2 /boot/loader /root/keep/boot/',
    );
  });
  afterAll(() => host?.stop());
  beforeEach(async () => {
    await sh(`rm -rf /boot/loader/* /boot/grub2 /boot/efi /etc/grub2*; cp -a /root/keep/. /`);
  });

  it.each([
    [
      '$tuned_params that say half of it',
      `${options(`${BARE} $tuned_params`)} ${block('tuned_params=skew_tick=1 iommu=pt')}`,
      [`options ${BARE} $tuned_params intel_iommu=on`],
    ],
    [
      'line ends of Windows and tabs',
      `sed -i 's/$/\\r/; s/^linux /linux\\t\\t/' ${ENTRIES}/*.conf`,
      [`options ${BARE} ${ADDED}`],
    ],
    [
      'an entry without an initrd, one of another machine, and a memory test',
      `cd ${ENTRIES}; sed -i /^initrd/d *-6.1.*.conf; cp *-6.1.*.conf ffffffffffffffffffffffffffffffff-7.0.0.conf
       printf 'title Memory test\\nlinux /memtest86+x64.bin\\n' >memtest86+.conf`,
      [`options ${BARE} ${ADDED}`],
    ],
    [
      'pt beside off, and pt twice',
      options(`${BARE} iommu=off iommu=pt iommu=pt`),
      [`options ${BARE} iommu=pt intel_iommu=on`],
    ],
    ['no file for later kernels', 'rm /etc/default/grub /etc/kernel/cmdline', [`options ${BARE} ${ADDED}`]],
    [
      'the menu on the EFI partition alone, as RHEL 8 has it',
      `mkdir -p /boot/efi/EFI/redhat; mv /boot/grub2/* /boot/efi/EFI/redhat/; ln -s ../efi/EFI/redhat/grubenv /boot/grub2/
       ln -s ../boot/efi/EFI/redhat/grub.cfg /etc/grub2-efi.cfg`,
      [`options ${BARE} ${ADDED}`],
    ],
  ])('%s', async (_, script, expected) => {
    await sh(script);
    await expectForetold(host, WANTED);
    expect(await lines()).toEqual(expected);
  });

  it('$kernelopts of RHEL 8, in a block that keeps its size and all else in it', async () => {
    await sh(
      `${options('$kernelopts $tuned_params')} ${block('saved_entry=x', `kernelopts=${BARE} iommu=off `, 'boot_success=0')}`,
    );
    await expectForetold(host, WANTED);
    expect(await lines()).toEqual(['options $kernelopts $tuned_params']);
    expect(await sh('grep -v "^#" /boot/grub2/grubenv; stat -c %s /boot/grub2/grubenv')).toBe(
      `saved_entry=x\nkernelopts=${BARE} ${ADDED}\nboot_success=0\n1024\n`,
    );
  });

  it('$kernelopts that only grub.cfg gives', async () => {
    await sh(`${options('$kernelopts')} ${block('saved_entry=x')}
      sed -i 's/^blscfg/if [ -z "\${kernelopts}" ]; then\\n  set kernelopts="${BARE} quiet "\\nfi\\n&/' /boot/grub2/grub.cfg`);
    await expectForetold(host, WANTED);
    expect(await sh('grep ^kernelopts= /boot/grub2/grubenv')).toBe(`kernelopts=${BARE} quiet ${ADDED}\n`);
  });

  it('tasks one after another, of which check foretells each, and /etc/default/grub in the shell of such hosts', async () => {
    await sh(
      `printf 'A="b iommu=pt"\\nGRUB_CMDLINE_LINUX="a $A"\\nGRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX c"' >/etc/default/grub`,
    );
    await expectForetold(
      host,
      `- kernel-cmdline: {tokens: [intel_iommu=on]}
- kernel-cmdline: {tokens: ["vfio-pci.ids=10de:1", iommu=pt]}
- kernel-cmdline: {tokens: ["vfio-pci.ids=10de:2"]}
- kernel-cmdline: {tokens: ["console=ttyS0,115200n8"], state: absent}
- reboot-and-wait: {policy: never}`,
    );
    const words = 'intel_iommu=on iommu=pt vfio-pci.ids=10de:1,10de:2';
    expect(await lines()).toEqual([`options ${BARE.replace(' console=ttyS0,115200n8', '')} ${words}`]);
    expect(await sh('. /etc/default/grub; echo $GRUB_CMDLINE_LINUX')).toContain('a b iommu=pt c intel_iommu=on');
  });

  it.each([
    [
      'an entry without options',
      `sed -i /^options/d ${ENTRIES}/*-6.1.*.conf`,
      /-6\.1\..*\.conf has no options, .*default_kernelopts/,
    ],
    [
      '$tuned_params that contradict',
      `${options(`${BARE} $tuned_params`)} ${block('tuned_params=iommu=off')}`,
      /\$tuned_params in GRUB's environment block or grub\.cfg says otherwise/,
    ],
    [
      'a variable of /etc/default/grub that contradicts',
      `printf 'X=iommu=off\\nGRUB_CMDLINE_LINUX="$X"\\n' >/etc/default/grub`,
      /a variable or a command in .* gives iommu=off/,
    ],
    [
      'a block without space',
      `${options('$kernelopts')} ${block(`kernelopts=${BARE}`, `a=${'x'.repeat(895)}`)}`,
      /no space left for kernelopts/,
    ],
    [
      'a full file system of entries',
      `dd if=/dev/zero of=/boot/loader/filler 2>/dev/null; true`,
      /no space left for new entries/,
    ],
    [
      'grub2-mkconfig without entries as files',
      `rm -r /boot/loader/entries; sed -i 's/^blscfg/menuentry x {\\n linux \\/vmlinuz ro\\n}/' /boot/grub2/grub.cfg`,
      /no boot loader was found \(.*grub2\/grub\.cfg exists but update-grub does not/,
    ],
  ])('refuses %s, and writes nothing', async (_, script, words) => {
    await sh(script);
    expect(await expectRefused(host, WANTED)).toMatch(words);
  });

  it('completes entries that a run could not finish', async () => {
    await sh(`chmod 0600 ${ENTRIES}/*; mkdir -p /root/late; mv ${ENTRIES}/*-6.1.*.conf /root/late/`);
    expect(complaints(await playTasks(host, WANTED))).toEqual(new Map());
    await sh(`mv /root/late/* ${ENTRIES}/`);
    await expectForetold(host, WANTED);
    expect(await lines()).toEqual([`options ${BARE} ${ADDED}`]);
    expect(await sh(`stat -c %a ${ENTRIES}/*-6.1.*.conf`)).toBe('600\n');
  });
});

describe('a /boot of its own, with little room', () => {
  let host: Container;
  const IMAGES = '- initramfs: {modules: [vfio_pci]}';
  /** What systemd reads in the entries, by their place. The block of GRUB's variables is nothing to it. */
  const readBySystemd = async () => {
    const list = 'SYSTEMD_RELAX_ESP_CHECKS=1 bootctl --esp-path=/boot --json=short list 2>/dev/null';
    const found = (await host.look(['sh', '-c', list])).trim().split('\n');
    return found.map((line) => JSON.parse(line) as { readonly id: string; readonly options: string });
  };
  beforeAll(async () => {
    host = await startContainer('bls', { env: { BOOT_SIZE: '76m' }, capabilities: ['SYS_ADMIN'] });
  });
  afterAll(() => host?.stop());

  it('has room for entries, which systemd reads as they were but for their options', async () => {
    const before = await readBySystemd();
    expect(before).toHaveLength(3);
    expect(before.map((entry) => entry.options)).toEqual([BARE, BARE, BARE]);
    await expectForetold(host, WANTED);
    const isRescue = (id: string) => id.includes('-0-rescue');
    expect(await readBySystemd()).toEqual(
      before.map((entry) => (isRescue(entry.id) ? entry : { ...entry, options: `${BARE} ${ADDED}` })),
    );
  });

  it('has none for images of dracut, and keeps those it has', async () => {
    expect(await expectRefused(host, IMAGES)).toMatch(/\/boot has \d+ MiB left and a rebuild needs \d+ MiB/);
  });
});
