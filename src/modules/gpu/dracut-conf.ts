import { replaceContent } from '../../changes/write-file.ts';
import type { Change } from '../../contract/change.ts';
import type { FileContent } from '../../contract/file-state.ts';
import { normaliseModule } from '../../probes/modprobe-config.ts';

/** Read last (dracut.conf(5)), so that a file which sets instead of appends does not take ours back. */
export const DRACUT_CONF = '/etc/dracut.conf.d/zz-tsplay.conf';

export interface DracutConf {
  /** With underscores: dracut itself replaces only the first hyphen of the whole list. */
  readonly drivers: readonly string[];
  readonly files: readonly string[];
}

/**
 * Modules to load before udev, and files that every image must hold. Images made for more than one host (hostonly=no)
 * have nothing of /etc/modprobe.d, which is why it is named here; the shell of dracut expands the pattern.
 */
export function dracutConfText({ drivers, files }: DracutConf): string {
  const lines = [
    drivers.length > 0 ? `force_drivers+=" ${drivers.join(' ')} "` : '',
    files.length > 0 ? `install_items+=" ${files.join(' ')} "` : '',
    'install_optional_items+=" /etc/modprobe.d/*.conf "',
  ].filter(Boolean);
  return `# Kept by tsplay (module initramfs).\n${lines.join('\n')}\n`;
}

export function parseDracutConf(text: string): DracutConf {
  const words = (name: string) =>
    (new RegExp(`^${name}\\+="([^"\\n]*)"$`, 'm').exec(text)?.[1] ?? '').split(' ').filter(Boolean);
  return { drivers: words('force_drivers').map(normaliseModule), files: words('install_items') };
}

/** Adds to what earlier tasks asked for, in their order, and takes nothing away. */
export function planDracutConf(current: FileContent, wish: DracutConf): readonly Change[] {
  const text = current.kind === 'file' ? Buffer.from(current.bytes).toString() : '';
  const present = parseDracutConf(text);
  const drivers = [...new Set([...present.drivers, ...wish.drivers.map(normaliseModule)])];
  const files = [...new Set([...present.files, ...wish.files])];
  const wanted = dracutConfText({ drivers, files });
  return text === wanted ? [] : [replaceContent(current, Buffer.from(wanted))];
}
