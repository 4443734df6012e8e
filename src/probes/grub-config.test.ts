import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { defaultBootEntry, grubWords, ownEntries, parseGrubConfig } from './grub-config.ts';
import { parseGrubEnvironment } from './grub-environment.ts';

const debian = readFileSync(new URL('./fixtures/grub-debian12.cfg', import.meta.url), 'utf8');
const config = parseGrubConfig(debian);
const bootsBy = (defaultEntry: string, env = '') =>
  defaultBootEntry({ ...config, defaultEntry }, parseGrubEnvironment(env))?.title;

describe('parseGrubConfig on a grub.cfg of Debian 12', () => {
  it('reads a line with a carriage return in it, which /etc/default/grub from Windows leaves there', () => {
    const text = "menuentry 'x' {\n\tlinux /vmlinuz root=/dev/a quiet\r iommu=pt\n\tinitrd /initrd\n}\n";
    const [entry] = parseGrubConfig(text).entries;
    expect(entry?.tokens.map((token) => token.text)).toEqual(['root=/dev/a', 'quiet', 'iommu=pt']);
  });

  it('finds every entry with a linux line, in order', () => {
    expect(config.entries.map((entry) => entry.id ?? entry.title)).toEqual([
      'gnulinux-simple-6c2e',
      'gnulinux-6.1.0-18-amd64-advanced-6c2e',
      'gnulinux-6.1.0-18-amd64-recovery-6c2e',
      'gnulinux-6.1.0-13-amd64-advanced-6c2e',
      'Memory test (memtest86+)',
      "Bob's rescue > tools",
    ]);
  });

  it('reads kernel, initrds, tokens and place of an entry', () => {
    const entry = config.entries[3];
    expect(entry?.kernel).toBe('/boot/vmlinuz-6.1.0-13-amd64');
    expect(entry?.initrds).toEqual(['/boot/microcode.img', '/boot/initrd.img-6.1.0-13-amd64']);
    expect(entry?.tokens.map((token) => token.text)).toEqual([
      'root=UUID=6c2e',
      'ro',
      'net.ifnames=0',
      'quiet',
      '$vt_handoff',
    ]);
    expect(entry?.submenus.map((menu) => menu.id)).toEqual(['gnulinux-advanced-6c2e']);
  });

  it('counts as our own only what 10_linux generates, without recovery entries', () => {
    expect(ownEntries(config).map((entry) => entry.id)).toEqual([
      'gnulinux-simple-6c2e',
      'gnulinux-6.1.0-18-amd64-advanced-6c2e',
      'gnulinux-6.1.0-13-amd64-advanced-6c2e',
    ]);
  });

  it('takes every entry of a hand-written file for our own', () => {
    const written = parseGrubConfig(
      'menuentry "Linux" {\n linux /vmlinuz root=LABEL=r ro quiet\n initrd /initrd.img\n}\n',
    );
    expect(ownEntries(written).map((entry) => entry.title)).toEqual(['Linux']);
  });
});

describe('defaultBootEntry', () => {
  it.each([
    ['0', 'Debian GNU/Linux'],
    ['1>2', 'Debian GNU/Linux, with Linux 6.1.0-13-amd64'],
    ['gnulinux-advanced-6c2e>gnulinux-6.1.0-13-amd64-advanced-6c2e', 'Debian GNU/Linux, with Linux 6.1.0-13-amd64'],
    ['Advanced options for Debian GNU/Linux>0', 'Debian GNU/Linux, with Linux 6.1.0-18-amd64'],
    ["Bob's rescue >> tools", "Bob's rescue > tools"],
    ['a name that is gone', 'Debian GNU/Linux'],
    ['97', 'Debian GNU/Linux'],
    ['1', undefined],
  ])('follows %s', (path, title) => {
    expect(bootsBy(path)).toBe(title);
  });

  it('follows the saved entry of the environment block', () => {
    const env = `# GRUB Environment Block\nsaved_entry=1>2\n${'#'.repeat(900)}`;
    expect(bootsBy('${saved_entry}', env)).toBe('Debian GNU/Linux, with Linux 6.1.0-13-amd64');
  });

  it('takes the first entry where GRUB_DEFAULT is saved and nothing was saved', () => {
    expect(bootsBy('${saved_entry}', `# GRUB Environment Block\n${'#'.repeat(900)}`)).toBe('Debian GNU/Linux');
  });

  it('lets a pending one-shot entry win', () => {
    expect(bootsBy('0', 'next_entry=3\n')).toBe("Bob's rescue > tools");
  });
});

it('sees that blscfg moves the entries elsewhere', () => {
  expect(parseGrubConfig('insmod blscfg\nblscfg\n').usesBls).toBe(true);
  expect(config.usesBls).toBe(false);
});

it('reads words as the GRUB shell does', () => {
  expect(grubWords(`menuentry 'Bob'\\''s' "a \\"b\\"" plain {`)).toEqual(['menuentry', "Bob's", 'a "b"', 'plain', '{']);
});
