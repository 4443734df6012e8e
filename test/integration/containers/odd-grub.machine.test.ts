import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Container, startContainer } from '../../support/containers.ts';
import { expectForetold, expectRefused, playTasks } from './in-step.ts';
import { bootLines } from './look.ts';

const WANTED = '- kernel-cmdline: {tokens: [intel_iommu=on, iommu=pt]}';
const ADDED = 'intel_iommu=on iommu=pt';
/** Files as people leave them. The last line of /etc/default/grub wins, as in the file of the image. */
const file = (name: string, ...lines: readonly string[]) =>
  `cat >/etc/default/${name} <<'END'\n${lines.join('\n')}\nEND\n`;

describe("a Debian's GRUB configuration, evaluated by real tools", () => {
  let host: Container;
  const sh = (script: string) => host.look(['sh', '-c', script]);
  const keep = 'rm -rf /etc/default /boot/grub; cp -a /root/keep/default /etc/; cp -a /root/keep/grub /boot/';
  /** Words after `ro` of every entry, each once. */
  const words = async () => [
    ...new Set(
      (await bootLines(host)).map((line) =>
        line
          .replace(/.* ro /, '')
          .trim()
          .replaceAll(/\s+/g, ' '),
      ),
    ),
  ];

  beforeAll(async () => {
    host = await startContainer('debian-boot');
    await sh('mkdir /root/keep; cp -a /etc/default /boot/grub /root/keep/');
  });
  afterAll(() => host?.stop());
  beforeEach(async () => {
    await sh(keep);
  });

  it.each([
    [
      'quotes of every kind',
      file(
        'grub',
        `GRUB_CMDLINE_LINUX='dyndbg="file vfio.c +p"'`,
        String.raw`GRUB_CMDLINE_LINUX_DEFAULT="quiet a=\"b c\""' alone'\ bare`,
      ),
      `dyndbg="file vfio.c +p" quiet a="b c" alone bare ${ADDED}`,
    ],
    [
      'variables, commands and what was never set',
      file(
        'grub',
        'EXTRA="iommu=off"',
        'GRUB_CMDLINE_LINUX="$EXTRA ${UNSET} a"',
        'GRUB_CMDLINE_LINUX_DEFAULT="$(echo b)"',
      ),
      `a b ${ADDED}`,
    ],
    [
      'lines that go on, and no newline at the end',
      `printf 'GRUB_CMDLINE_LINUX="a \\\\\\n  iommu=off\\n b"' >/etc/default/grub`,
      `a b ${ADDED}`,
    ],
    [
      'line ends of Windows',
      `printf 'GRUB_DEFAULT=0\\r\\nGRUB_CMDLINE_LINUX="quiet iommu=off"\\r\\n' >/etc/default/grub`,
      `quiet ${ADDED}`,
    ],
    [
      'a drop-in of a cloud image that sets what the main file set',
      file('grub.d/50-cloudimg-settings.cfg', 'GRUB_CMDLINE_LINUX_DEFAULT="console=ttyS0"'),
      `console=ttyS0 ${ADDED}`,
    ],
    [
      'parameters given twice, pt beside off, in both spellings and both variables',
      file(
        'grub',
        'GRUB_CMDLINE_LINUX="iommu=off intel-iommu=off iommu=pt a"',
        'GRUB_CMDLINE_LINUX_DEFAULT="iommu=pt"',
      ),
      'iommu=pt a iommu=pt intel_iommu=on',
    ],
    ['no file and no directory at all', 'rm -rf /etc/default/grub /etc/default/grub.d', ADDED],
    [
      'a drop-in of ours that somebody edited, and a function of a common name',
      `${file('grub.d/zz-tsplay.cfg', 'GRUB_CMDLINE_LINUX_DEFAULT="$GRUB_CMDLINE_LINUX_DEFAULT mine=1"')}echo 'report() { :; }' >>/etc/default/grub`,
      `quiet mine=1 ${ADDED}`,
    ],
  ])('%s', async (_, script, expected) => {
    await sh(script);
    await expectForetold(host, WANTED);
    expect(await words()).toEqual([expected]);
  });

  it('tasks one after another, of which check foretells each', async () => {
    const tasks = `- kernel-cmdline: {tokens: [intel_iommu=on]}
- kernel-cmdline: {tokens: ["vfio-pci.ids=10de:1", hugepagesz=1G, hugepages=4]}
- kernel-cmdline: {tokens: ["vfio-pci.ids=10de:2"]}
- kernel-cmdline: {tokens: [quiet], state: absent}`;
    await sh(file('grub.d/zzz.cfg', 'GRUB_CMDLINE_LINUX_DEFAULT="$GRUB_CMDLINE_LINUX_DEFAULT last"'));
    await expectForetold(host, tasks);
    expect(await words()).toEqual(['intel_iommu=on hugepagesz=1G hugepages=4 vfio-pci.ids=10de:1,10de:2 last']);
  });

  it('an older kernel that GRUB_DEFAULT=saved boots', async () => {
    await sh(`echo GRUB_DEFAULT=saved >>/etc/default/grub && update-grub 2>/dev/null
      id=$(grep -o "gnulinux-6\\.1\\.[^']*-advanced-[^']*" /boot/grub/grub.cfg | head -n 1)
      menu=$(grep -o "gnulinux-advanced-[^']*" /boot/grub/grub.cfg | head -n 1)
      grub-editenv /boot/grub/grubenv set "saved_entry=$menu>$id"`);
    const run = await expectForetold(host, `${WANTED}\n- name: next\n  reboot-and-wait: {policy: never}`);
    expect(run.results('next').get('h1')?.values['reboot_reasons']).toEqual([
      { kind: 'cmdline', detail: expect.stringContaining('intel_iommu=on comes with the next boot') },
    ]);
  });

  it.each([
    [`bash's way to append`, `echo 'GRUB_CMDLINE_LINUX+=" a"' >>/etc/default/grub`, /default\/grub:\d+: \+= is bash's/],
    ['a command that fails', `echo false >/etc/default/grub.d/90.cfg`, /90\.cfg: a command in it fails/],
    ['empty lines of Windows', `sed -i 's/$/\\r/' /etc/default/grub`, /default\/grub:\d+: the line ends as on Windows/],
    ['quotes from a slide', file('grub', 'GRUB_CMDLINE_LINUX=“quiet”'), /default\/grub:1: curly quotes/],
    [
      'ids given twice',
      file('grub', 'GRUB_CMDLINE_LINUX="vfio-pci.ids=1:1 vfio_pci.ids=1:2"'),
      /1:1 and vfio_pci\.ids=1:2/,
    ],
    ['a quoted contradiction', file('grub', `GRUB_CMDLINE_LINUX='iommu="off"'`), /iommu="off" is set in .* in quotes/],
    [
      'a later file that sets the variable anew',
      file('grub.d/zzz.cfg', 'GRUB_CMDLINE_LINUX_DEFAULT="nomodeset"'),
      /zzz\.cfg overrides/,
    ],
  ])('refuses %s, and writes nothing', async (_, script, words) => {
    await sh(script);
    const tasks = `- kernel-cmdline: {tokens: [iommu=pt, "vfio-pci.ids=10de:1"]}`;
    expect(await expectRefused(host, tasks)).toMatch(words);
  });

  it('puts no drop-in in place that grub-mkconfig could not read', async () => {
    await sh("echo 'readonly GRUB_CMDLINE_LINUX_DEFAULT' >>/etc/default/grub");
    const before = await sh('ls /etc/default/grub.d; cksum /boot/grub/grub.cfg');
    const run = await playTasks(host, WANTED);
    expect(run.exitCode).toBe(2);
    expect(await sh('ls /etc/default/grub.d; cksum /boot/grub/grub.cfg')).toBe(before);
  });
});
