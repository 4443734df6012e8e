import { describe, expect, it } from 'vitest';
import { modulesForAlias, paramsOf, parseModprobeConfig } from './modprobe-config.ts';

const parse = (files: Readonly<Record<string, string>>, cmdline = '') =>
  parseModprobeConfig(new Map(Object.entries(files)), cmdline);
const k4200 = 'pci:v000010DEd000011B4sv000010DEsd00001096bc03sc00i00';

describe('modprobe.d', () => {
  it('reads files by base name across directories, and a name in /etc masks the same below', () => {
    const config = parse({
      '/usr/lib/modprobe.d/a.conf': 'options vfio-pci ids=1',
      '/usr/lib/modprobe.d/z.conf': 'options vfio_pci ids=3',
      '/etc/modprobe.d/m.conf': 'options vfio_pci ids=2 disable_vga=1',
      '/etc/modprobe.d/a.conf': '# masked',
    });
    expect(paramsOf(config, 'vfio_pci')).toEqual({ ids: '3', disable_vga: '1' });
  });

  it('ignores files without .conf, comments, and joins continued lines', () => {
    const config = parse({
      '/etc/modprobe.d/x': 'blacklist a',
      '/etc/modprobe.d/y.conf': '# blacklist b\nsoftdep nouveau pre: \\\n vfio-pci post: snd-hda-intel',
    });
    expect([...config.blacklist]).toEqual([]);
    expect(config.softdeps.get('nouveau')).toEqual({ pre: ['vfio_pci'], post: ['snd_hda_intel'] });
  });

  it('finds the driver of a modalias unless it is blacklisted, in a file or on the command line', () => {
    const names = (config: ReturnType<typeof parse>) => modulesForAlias(config, k4200).map(({ name }) => name);
    expect(names(parse({}))).toEqual(['nouveau']);
    expect(names(parse({ '/etc/modprobe.d/b.conf': 'blacklist nouveau' }))).toEqual([]);
    expect(names(parse({}, 'quiet modprobe.blacklist=nouveau,nvidia'))).toEqual([]);
  });
});
