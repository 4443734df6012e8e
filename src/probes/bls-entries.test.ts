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
