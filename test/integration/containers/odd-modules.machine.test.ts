import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Container, startContainer } from '../../support/containers.ts';
import { expectForetold, expectRefused } from './in-step.ts';

const VFIO =
  '- kernel-module: {name: vfio-pci, state: unchanged, persistent: true, params: {ids: "10de:20f1,10de:1aef"}}';

describe('modules of a real kernel, beside files of other people', () => {
  let host: Container;
  const sh = (script: string) => host.look(['sh', '-c', script]);
  const conf = (name: string, line: string) => sh(`echo '${line}' >/etc/modprobe.d/${name}.conf`);

  beforeAll(async () => {
    host = await startContainer('debian-boot');
    await sh('cp /lib/modules/$(uname -r)/modules.builtin /root/');
  });
  afterAll(() => host?.stop());
  beforeEach(async () => {
    await sh('rm -f /etc/modprobe.d/* /etc/modules-load.d/tsplay*; cp /root/modules.builtin /lib/modules/$(uname -r)/');
  });

  it('are configured as kmod itself understands it', async () => {
    await conf('a-first', 'options vfio_pci disable_vga=1 ids=10de:1');
    await expectForetold(host, VFIO);
    expect(await sh("modprobe -c | grep '^options vfio_pci' | tail -n 1")).toContain('ids=10de:20f1,10de:1aef');
    expect(await sh('modprobe -n --show-depends vfio-pci | tail -n 1')).toMatch(
      /vfio-pci\.ko\S* .*ids=10de:20f1,10de:1aef/,
    );
  });

  it('wait for one another in the way kmod reads it', async () => {
    const tasks = ['nbd', 'virtio_net', 'no_such_driver'].map(
      (name) => `- kernel-module: {name: ${name}, state: unchanged, softdep: {pre: [vfio-pci]}, optional: true}`,
    );
    await expectForetold(host, tasks.join('\n'));
    expect(await sh('ls /etc/modprobe.d')).toBe('tsplay-nbd.conf\ntsplay-virtio_net.conf\n');
    expect(await sh('modprobe -n --show-depends nbd')).toMatch(/vfio-pci\.ko[\s\S]*nbd\.ko/);
  });

  it.each([
    ['blacklist vfio-pci', /other\.conf:1 keeps vfio-pci from being loaded at boot \(blacklist\)/],
    ['install vfio_pci /bin/true', /other\.conf:1 keeps vfio-pci from being loaded at boot \(install\)/],
  ])('are refused where somebody wrote %s', async (line, words) => {
    await conf('other', line);
    expect(await expectRefused(host, VFIO)).toMatch(words);
  });

  it('are refused where a later file has other ids, and not where it has the same', async () => {
    await conf('zz-other', 'options vfio-pci ids=10de:1');
    expect(await expectRefused(host, VFIO)).toMatch(/zz-other\.conf:1 sets vfio-pci ids=10de:1 and comes after/);
    await conf('zz-other', 'options vfio-pci ids=10DE:1AEF,10de:20f1');
    await expectForetold(host, VFIO);
  });

  it('built into the kernel heed no file, which is said with what does help', async () => {
    await sh('echo kernel/drivers/vfio/pci/vfio-pci.ko >>/lib/modules/$(uname -r)/modules.builtin');
    expect(await expectRefused(host, VFIO)).toMatch(/built into this kernel.*put vfio-pci\.ids=10de:20f1,10de:1aef/);
  });
});
