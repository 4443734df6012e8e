import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import type { FileContent } from '../../contract/file-state.ts';
import { DRACUT_CONF, dracutConfText, parseDracutConf, planDracutConf } from './dracut-conf.ts';

const absent: FileContent = { kind: 'absent', path: DRACUT_CONF, realPath: DRACUT_CONF };

describe('the configuration for dracut', () => {
  it('leaves spaces inside the quotes, without which the shell joins words of two files', () => {
    const text = dracutConfText({ drivers: ['vfio', 'vfio_pci'], files: ['/etc/a'] });
    const sourced = `force_drivers='ahci' install_items=; ${text}\necho "$force_drivers|$install_items|$install_optional_items"`;
    expect(spawnSync('bash', ['-c', sourced]).stdout.toString()).toBe(
      'ahci vfio vfio_pci | /etc/a | /etc/modprobe.d/*.conf \n',
    );
  });

  it('reads back what it wrote', () => {
    const conf = { drivers: ['vfio', 'vfio_pci'], files: ['/etc/a', '/etc/b'] };
    expect(parseDracutConf(dracutConfText(conf))).toEqual(conf);
    expect(parseDracutConf(dracutConfText({ drivers: [], files: [] }))).toEqual({ drivers: [], files: [] });
  });

  it('is written even where no module is asked for: images for any host lack modprobe.d otherwise', () => {
    const [change] = planDracutConf(absent, { drivers: [], files: [] });
    expect(change?.kind === 'write-file' && Buffer.from(change.bytes).toString()).toContain('/etc/modprobe.d/*.conf');
  });
});
