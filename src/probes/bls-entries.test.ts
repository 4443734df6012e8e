import { describe, expect, it } from 'vitest';
import { entryText, fileAt, MACHINE } from '../../test/support/bls-host.ts';
import { compareIds, expandOptions, parseBlsEntries, takesParameters, withOptions } from './bls-entries.ts';
import { tokenize } from './kernel-cmdline-tokens.ts';

const at = (id: string, text: string) => fileAt(`/boot/loader/entries/${id}.conf`, text);
const KERNEL = '5.14.0-427.13.1.el9_4.x86_64';

describe('boot entries that are files', () => {
  it('reads what GRUB takes from one', () => {
    const [entry] = parseBlsEntries([at(`${MACHINE}-${KERNEL}`, entryText(KERNEL, 'root=UUID=1 ro $tuned_params'))]);
    expect(entry).toMatchObject({
      id: `${MACHINE}-${KERNEL}`,
      kernel: `/vmlinuz-${KERNEL}`,
      initrds: [`/initramfs-${KERNEL}.img`],
      isRescue: false,
      machineId: MACHINE,
    });
    expect(entry?.options.map((token) => token.text)).toEqual(['root=UUID=1', 'ro', '$tuned_params']);
  });

  it('knows rescue entries, and passes over files without a kernel', () => {
    const rescue = at(`${MACHINE}-0-rescue`, entryText(`0-rescue-${MACHINE}`, 'ro'));
    expect(parseBlsEntries([rescue, at('auto-windows', 'title Windows\nefi /EFI/x.efi\n')])).toMatchObject([
      { isRescue: true },
    ]);
  });

  it("puts the newest first, within one machine's entries", () => {
    const ids = [`${MACHINE}-0-rescue`, `${MACHINE}-5.14.0-70.el9.x86_64`, `${MACHINE}-5.14.0-427.el9.x86_64`];
    const sorted = parseBlsEntries(ids.map((id) => at(id, entryText('k', 'ro'))));
    expect(sorted.map((entry) => entry.id)).toEqual(ids.toReversed());
  });

  it.each([
    ['a-6.10.0-1', 'a-6.9.0-1'],
    ['a-6.1.0-10', 'a-6.1.0-9'],
    ['b-1-1', 'a-9-9'],
    ['a-1.0-1', 'a-1.0~rc1-1'],
    ['a-1.1-1', 'a-1.a-1'],
    ['a-1.0.1-1', 'a-1.0-1'],
  ])('takes %s for newer than %s', (newer, older) => {
    expect(compareIds(newer, older)).toBe(1);
    expect(compareIds(older, newer)).toBe(-1);
  });

  // What `grubby --info=ALL` printed: machines of courses and bug reports, with other machine-ids of the same beginning.
  it.each([
    [
      'of the image first, though it is older',
      ['ffff-6.12.0-211.53.1.el10_2', 'ec2e-6.12.0-211.62.1.el10_2', 'ec2e-6.12.0-211.61.1.el10_2'],
    ],
    ['copied by grubby', ['81a3-server.0~custom', '81a3-server', 'ffff-4.18.0-305.el9.x86_64']],
    [
      'of one machine',
      [
        'a986-5.14.0-162.6.1.el9_1.x86_64',
        'a986-5.14.0-70.30.1.el9_0.x86_64',
        'a986-5.14.0-70.22.1.el9_0.x86_64',
        'a986-0-rescue',
      ],
    ],
  ])('keeps the order of a menu with entries %s', (_, ids) => {
    const sorted = parseBlsEntries(ids.toReversed().map((id) => at(id, entryText('k', 'ro'))));
    expect(sorted.map((entry) => entry.id)).toEqual(ids);
  });

  it.each([
    [
      '0940-5.14.0-1.el9',
      'ffff-5.14.0-2.el9',
      'digits come before letters; later versions of grubby, which sort by `sort -Vr`, count the other way',
    ],
    ['memtest86+', 'ffff-5.14.0-1.el9', 'one word is all name'],
    ['5f1c-5.14.0-1.el9', 'memtest86+', 'digits come before letters here too'],
    ['a-2', 'a-1-9', 'two words are a name and a version'],
  ])('puts %s before %s: %s', (first, second) => {
    expect(compareIds(first, second)).toBe(1);
    expect(compareIds(second, first)).toBe(-1);
  });

  it('reads as far as GRUB does: to the first line without a value', () => {
    const read = (text: string) => parseBlsEntries([at('x', text)])[0];
    const head = 'title x\n# a comment\nlinux /k\n';
    expect(read(`${head}options ro\n\n`)).toMatchObject({ isCutShort: false, options: [{ text: 'ro' }] });
    for (const stop of ['', ' ', 'initrd', 'initrd '])
      expect(read(`${head}${stop}\noptions ro\n`)).toMatchObject({ isCutShort: true, options: [] });
  });

  it('takes a tab for the end of a key only where the line has no blank', () => {
    const [entry] = parseBlsEntries([at('x', 'linux\t/k\noptions\tro quiet\ninitrd \t/i\n')]);
    expect(entry).toMatchObject({ kernel: '/k', options: [], initrds: ['/i'] });
  });

  it('changes the options and no other byte', () => {
    const text = `# caf\u00e9\n${entryText(KERNEL, 'ro')}`;
    const [entry] = parseBlsEntries([at('x', text)]);
    const changed = entry && Buffer.from(withOptions(entry, tokenize('ro iommu=pt'))).toString();
    expect(changed).toBe(text.replace('options ro', 'options ro iommu=pt'));
  });

  it('passes over carriage returns, as GRUB does', () => {
    const text = entryText(KERNEL, 'root=UUID=1 ro').replaceAll('\n', '\r\n');
    const [entry] = parseBlsEntries([at('x', text)]);
    expect(entry).toMatchObject({ kernel: `/vmlinuz-${KERNEL}`, initrds: [`/initramfs-${KERNEL}.img`] });
    expect(entry?.options.map((token) => token.text)).toEqual(['root=UUID=1', 'ro']);
  });

  it('knows entries that are no Linux system', () => {
    const memtest = at('memtest86+', 'title Memory test\nlinux /memtest86+x64.bin\n');
    const bare = at('bare', 'title x\nlinux /k\ninitrd /i\n');
    expect(parseBlsEntries([memtest]).map(takesParameters)).toEqual([false]);
    expect(parseBlsEntries([bare]).map(takesParameters)).toEqual([true]);
  });

  it('puts variables in as GRUB does: unset ones are nothing', () => {
    const variables = new Map([['kernelopts', 'root=/dev/a ro  quiet']]);
    const expanded = expandOptions(tokenize('$kernelopts $tuned_params a=$kernelopts'), variables);
    expect(expanded.map((token) => token.text)).toEqual(['root=/dev/a', 'ro', 'quiet', 'a=root=/dev/a', 'ro', 'quiet']);
  });
});
