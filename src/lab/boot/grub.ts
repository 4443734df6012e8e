/** What the boot loader hands over: paths below the boot file system, and the kernel's command line. */
export interface BootEntry {
  readonly title: string;
  readonly kernel: string;
  readonly initrd: string | undefined;
  readonly cmdline: string;
}

/**
 * The entries of a generated grub.cfg in menu order, submenus flattened.
 * Only what grub-mkconfig writes is understood; a file cut short yields fewer entries or none.
 */
export function bootEntries(config: string): readonly BootEntry[] {
  const blocks = config.split(/^\s*menuentry\s+/m).slice(1);
  return blocks.flatMap((block) => {
    const title = /^(['"])(.*?)\1/.exec(block)?.[2];
    const linux = /^\s*linux\s+(\S+)\s*(.*)$/m.exec(block);
    const initrd = /^\s*initrd\s+(\S+)/m.exec(block);
    if (title === undefined || !linux?.[1] || !/^\s*}/m.test(block)) return [];
    return [{ title, kernel: linux[1], initrd: initrd?.[1], cmdline: `BOOT_IMAGE=${linux[1]} ${linux[2]}`.trim() }];
  });
}

/** The entry `set default="…"` names by position or title; the first one otherwise. */
export function defaultEntry(config: string): BootEntry | undefined {
  const entries = bootEntries(config);
  const wanted = /^\s*set default="([^"]*)"$/m.exec(config)?.[1] ?? '0';
  const last = wanted.split('>').at(-1) ?? wanted;
  return entries.find(({ title }) => title === last) ?? entries[Number(wanted)] ?? entries[0];
}
