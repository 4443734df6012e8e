import { afterEach, describe, expect, it } from 'vitest';
import { environmentBlock } from '../../../test/support/bls-host.ts';
import { type GrubbyHost, grubbyHost } from '../../../test/support/grubby-host.ts';
import kernelCmdline from '../kernel-cmdline.ts';
import { bootMenu } from './boot-menu.ts';

// That we read these machines as grubby does is test/integration/grubby.test.ts; here is where GRUB knows more.
describe('the menu of machines whose entries are files', () => {
  let machine: GrubbyHost;
  const on = async (...which: Parameters<typeof grubbyHost>) => {
    machine = await grubbyHost(...which);
  };
  afterEach(() => machine.close());
  const next = async () => (await bootMenu(machine.host.read)).entries?.default;
  const line = async () => (await next())?.tokens.map((token) => token.text).join(' ');
  const DEFAULTS = 'root=/dev/vda2 ro rhgb quiet audit=1';

  it('gives $kernelopts the value of grub.cfg where the block has none, which grubby shows as $kernelopts', async () => {
    await on('fedora-42-container');
    expect(await line()).toBe(DEFAULTS);
    await machine.host.run(kernelCmdline, { tokens: ['iommu=pt'] });
    expect(machine.text('/boot/grub2/grubenv')).toContain(`\nkernelopts=${DEFAULTS} iommu=pt\n`);
    expect(await line()).toBe(`${DEFAULTS} iommu=pt`);
  });

  const named = (from: string, to: string) => (text: string) => text.replace(from, to);
  it.each([
    [
      'takes default_kernelopts for it, as Fedora 30 to 33 have it',
      'grub.cfg',
      named(' kernelopts=', ' default_kernelopts='),
    ],
    ['takes an empty one in the block for none', 'grubenv', named('\nsaved_entry=', '\nkernelopts=\nsaved_entry=')],
  ])('%s', async (_, file, edit) => {
    await on('fedora-42-container', { [`/boot/grub2/${file}`]: edit });
    expect(await line()).toBe(DEFAULTS);
  });

  const RESET = 'set tuned_params=""';
  it.each([
    ['sets to nothing', (config: string) => `${config}\n`, 'crashkernel=auto'],
    ['sets', (config: string) => config.replace(RESET, 'set tuned_params="a=2"'), 'crashkernel=auto a=2'],
    ['does not set', (config: string) => config.replace(RESET, ''), 'crashkernel=auto a=1'],
  ])("believes the block about tuned's parameters unless grub.cfg %s them later", async (_, config, end) => {
    await on('rocky-8.10-cloud', {
      '/boot/efi/EFI/rocky/grub.cfg': config,
      '/boot/grub2/grubenv': (block) => block.replace(/^#{17}/m, 'tuned_params=a=1\n'),
    });
    expect((await line())?.endsWith(end)).toBe(true);
  });

  it.each([
    ['', 'ffffffffffffffffffffffffffffffff-6.12.0-211.53.1.el10_2.x86_64'],
    ['1', 'ec2e0000000000000000000000000000-6.12.0-211.61.1.el10_2.x86_64'],
  ])('goes by grub2-reboot for the next boot (next_entry=%s), where grubby names the saved entry', async (once, id) => {
    const older = 'ffffffffffffffffffffffffffffffff-6.12.0-211.53.1.el10_2.x86_64';
    const block = environmentBlock(`saved_entry=${older}`, 'boot_success=1', `next_entry=${once}`);
    await on('rhel-10.2-lab', { '/boot/grub2/grubenv': () => block });
    expect((await next())?.id).toBe(id);
  });
});
