import { describe, expect, it } from 'vitest';
import { entryText, environmentBlock, fileAt, MACHINE, menuOf } from '../../../test/support/bls-host.ts';
import type { Change } from '../../contract/change.ts';
import { parseToken } from '../../probes/kernel-cmdline-tokens.ts';
import { planBlsCmdline } from './bls-cmdline.ts';
import type { CmdlineDesire } from './cmdline-desire.ts';

const ROOT = 'root=/dev/mapper/rhel-root ro crashkernel=1G-4G:192M rd.lvm.lv=rhel/root';
const NEW = `${MACHINE}-5.14.0-427.el9.x86_64`;
const OLD = `${MACHINE}-5.14.0-362.el9.x86_64`;
const OLDER = `${MACHINE}-5.14.0-70.13.1.el9_0.x86_64`;
const RESCUE = `${MACHINE}-0-rescue`;
const entries = (options: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(options).map(([id, line]) => [id, entryText(id.slice(33), line)]));

interface Host {
  readonly options: Readonly<Record<string, string>>;
  readonly block?: string | null;
  readonly kernelCmdline?: string | null;
  readonly defaultGrub?: string | null;
  readonly freeBytes?: number;
}
const desireOf = (tokens: readonly string[], state: CmdlineDesire['state'] = 'present'): CmdlineDesire => ({
  state,
  tokens: tokens.map(parseToken),
  policies: {},
});
function planned(host: Host, desire = desireOf(['intel_iommu=on', 'iommu=pt'])) {
  const changes = planBlsCmdline(
    {
      menu: menuOf(entries(host.options), host.block === undefined ? environmentBlock() : host.block),
      kernelCmdline: fileAt('/etc/kernel/cmdline', host.kernelCmdline ?? null),
      defaultGrub: fileAt('/etc/default/grub', host.defaultGrub ?? null),
      defaultWords: null,
      freeBytes: host.freeBytes ?? 1e6,
    },
    desire,
  );
  return changes.map(written);
}
/** The path and the one line that counts. */
function written(change: Change): readonly [string, string] {
  if (change.kind !== 'write-file') throw new Error(change.kind);
  const lines = Buffer.from(change.bytes).toString().split('\n');
  const line = lines.find((one) => /^(options |kernelopts=|GRUB_CMDLINE_LINUX=)/.test(one)) ?? lines[0] ?? '';
  return [change.path.slice(change.path.lastIndexOf('/') + 1), line];
}
const WITH = `${ROOT} intel_iommu=on iommu=pt`;

describe('the command line in entries that are files', () => {
  it('is as it should be only when every entry but the rescue entry has it', () => {
    const three = { [NEW]: WITH, [OLD]: WITH, [OLDER]: WITH, [RESCUE]: ROOT };
    expect(planned({ options: three })).toEqual([]);
    expect(planned({ options: { ...three, [OLD]: ROOT } })).toEqual([[`${OLD}.conf`, `options ${WITH}`]]);
  });

  it('completes a run that died between two entries, and one that left later kernels out', () => {
    const host = { options: { [NEW]: WITH, [OLD]: WITH }, kernelCmdline: `${ROOT}\n` };
    expect(planned(host)).toEqual([['cmdline', WITH]]);
  });

  it('writes what later kernels get first, and never makes /etc/kernel/cmdline', () => {
    const defaultGrub =
      'GRUB_TIMEOUT=5\nGRUB_CMDLINE_LINUX="crashkernel=1G-4G:192M rhgb quiet"\nGRUB_ENABLE_BLSCFG=true\n';
    expect(planned({ options: { [NEW]: ROOT }, defaultGrub })).toEqual([
      ['grub', 'GRUB_CMDLINE_LINUX="crashkernel=1G-4G:192M rhgb quiet intel_iommu=on iommu=pt"'],
      [`${NEW}.conf`, `options ${WITH}`],
    ]);
  });

  it('keeps $tuned_params where it stands, and counts what tuned says', () => {
    const block = environmentBlock('tuned_params=iommu=pt isolcpus=2-7');
    expect(planned({ options: { [NEW]: `${ROOT} $tuned_params` }, block })).toEqual([
      [`${NEW}.conf`, `options ${ROOT} $tuned_params intel_iommu=on`],
    ]);
  });

  it("says whose word it is when tuned's parameters contradict", () => {
    const block = environmentBlock('tuned_params=intel_iommu=off');
    expect(() => planned({ options: { [NEW]: `${ROOT} $tuned_params` }, block })).toThrow(
      /\$tuned_params in GRUB's environment block or grub\.cfg says otherwise about intel_iommu=on/,
    );
  });

  it('changes $kernelopts once for all entries of RHEL 8, and the entries not at all', () => {
    const block = environmentBlock(`saved_entry=${NEW}`, `kernelopts=${ROOT} `, 'boot_success=0');
    const options = { [NEW]: '$kernelopts $tuned_params', [OLD]: '$kernelopts $tuned_params', [RESCUE]: '$kernelopts' };
    expect(planned({ options, block })).toEqual([['grubenv', `kernelopts=${WITH}`]]);
    expect(planned({ options, block: environmentBlock(`kernelopts=${WITH}`) })).toEqual([]);
  });

  it('takes out what an entry says against $kernelopts', () => {
    const block = environmentBlock(`kernelopts=${WITH}`);
    expect(planned({ options: { [NEW]: '$kernelopts intel_iommu=off' }, block })).toEqual([
      [`${NEW}.conf`, 'options $kernelopts'],
    ]);
  });

  it('refuses an environment block that has no space left', () => {
    const block = environmentBlock(`kernelopts=${ROOT}`, `a=${'x'.repeat(900)}`);
    expect(() => planned({ options: { [NEW]: '$kernelopts' }, block })).toThrow(/no space left/);
  });

  it('takes parameters off everywhere', () => {
    const host = {
      options: { [NEW]: `${ROOT} a.b=1 quiet`, [OLD]: `${ROOT} a.b=2` },
      kernelCmdline: `# ours\n${ROOT} a.b=1\n`,
      defaultGrub: "GRUB_CMDLINE_LINUX='a.b=1 quiet'\n",
    };
    expect(planned(host, desireOf(['a.b'], 'absent'))).toEqual([
      ['cmdline', '# ours'],
      ['grub', "GRUB_CMDLINE_LINUX='quiet'"],
      [`${NEW}.conf`, `options ${ROOT} quiet`],
      [`${OLD}.conf`, `options ${ROOT}`],
    ]);
  });

  it('unites ids, and refuses two tokens of them, naming the file', () => {
    const ids = desireOf(['vfio-pci.ids=10de:20f1']);
    expect(planned({ options: { [NEW]: `${ROOT} vfio-pci.ids=10DE:1AEF` } }, ids)).toEqual([
      [`${NEW}.conf`, `options ${ROOT} vfio-pci.ids=10de:1aef,10de:20f1`],
    ]);
    const twice = `${ROOT} vfio-pci.ids=10de:1 vfio_pci.ids=10de:2`;
    expect(() => planned({ options: { [NEW]: twice } }, ids)).toThrow(/entries\/.*\.conf sets one parameter twice/);
  });

  it('leaves one of two equal tokens, of which the kernel would take one too', () => {
    const ids = desireOf(['vfio-pci.ids=10de:1']);
    expect(planned({ options: { [NEW]: 'ro vfio-pci.ids=10de:1 quiet vfio-pci.ids=10de:1' } }, ids)).toEqual([
      [`${NEW}.conf`, 'options ro vfio-pci.ids=10de:1 quiet'],
    ]);
    const pages = { [NEW]: 'hugepagesz=1G hugepages=4 hugepagesz=2M hugepages=4' };
    expect(
      planned({ options: pages }, desireOf(['hugepagesz=1G', 'hugepages=4', 'hugepagesz=2M', 'hugepages=4', 'a'])),
    ).toEqual([[`${NEW}.conf`, `options ${pages[NEW]} a`]]);
  });

  it('refuses a full /boot before anything is written, and only where something is to be written there', () => {
    expect(() => planned({ options: { [NEW]: ROOT }, freeBytes: 4096 })).toThrow(/no space left for new entries/);
    expect(planned({ options: { [NEW]: WITH }, freeBytes: 4096 })).toEqual([]);
  });

  it('refuses an entry without options, which a line of ours would take root= from, and leaves memory tests alone', () => {
    const menu = (text: string) => menuOf({ [NEW]: entryText('5.14', WITH), other: text }, environmentBlock());
    const plan = (text: string) => {
      const kernelCmdline = fileAt('/etc/kernel/cmdline', null);
      const defaultGrub = fileAt('/etc/default/grub', null);
      return planBlsCmdline(
        { menu: menu(text), kernelCmdline, defaultGrub, defaultWords: null, freeBytes: 1e6 },
        desireOf(['iommu=pt']),
      );
    };
    expect(() => plan('title x\nlinux /vmlinuz-1\ninitrd /i\n')).toThrow(
      /other\.conf has no options, .*default_kernelopts/,
    );
    expect(plan('title Memory test\nlinux /memtest86+x64.bin\n')).toEqual([]);
    expect(() => plan('title x\nlinux /vmlinuz-1\n\ninitrd /i\noptions ro\n')).toThrow(
      /other\.conf: GRUB stops reading it at a line without a value/,
    );
  });

  it('refuses $kernelopts that nothing sets, which a value of ours would leave without root=', () => {
    expect(() => planned({ options: { [NEW]: '$kernelopts' }, block: environmentBlock('boot_success=1') })).toThrow(
      /neither \/boot\/grub2\/grubenv nor grub\.cfg sets it/,
    );
  });

  it('refuses a menu without entries', () => {
    expect(() => planned({ options: { [RESCUE]: ROOT } })).toThrow(/no boot entry with a kernel/);
  });
});
