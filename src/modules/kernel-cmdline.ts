import { z } from 'zod';
import type { RebootReason } from '../contract/change.ts';
import { defineModule } from '../contract/module.ts';
import { TaskError } from '../contract/task-error.ts';
import { BLS_DIRECTORY } from '../probes/bls-entries.ts';
import type { BootEntries } from '../probes/boot-entries.ts';
import type { BootLoader } from '../probes/boot-loader.ts';
import { fileContent, fileState } from '../probes/file.ts';
import { freeSpace } from '../probes/free-space.ts';
import { grubDefaultWords } from '../probes/grub-default-words.ts';
import { GRUB_DEFAULTS, GRUB_DROP_INS, grubDefaults, OWN_DROP_IN } from '../probes/grub-defaults.ts';
import { type CmdlineToken, parseToken, tokenize } from '../probes/kernel-cmdline-tokens.ts';
import { pseudoFile } from '../probes/pseudo-file.ts';
import type { Read } from '../contract/probe.ts';
import { type CmdlineDesire, unmetTokens } from './gpu/cmdline-desire.ts';
import { type BlsCmdline, planBlsCmdline } from './gpu/bls-cmdline.ts';
import { type BootMenu, bootMenu } from './gpu/boot-menu.ts';
import { KERNEL_CMDLINE } from './gpu/future-cmdline.ts';
import { type GrubCmdline, planGrubCmdline, staleEntries } from './gpu/grub-cmdline.ts';

/** What passes unchanged through the shell of /etc/default/grub, the GRUB shell and the kernel. `$` is GRUB's. */
const SAFE_TOKEN = /^[A-Za-z0-9_.-]+(=([A-Za-z0-9_.+:,/@=%~-]*|"[A-Za-z0-9_.+:,/@=%~ -]*"))?$/;

const args = z.strictObject({
  tokens: z
    .array(
      z.string().regex(SAFE_TOKEN, {
        error:
          'must be key or key=value of plain ASCII letters, digits and _.+:,/@=%~- (no quotes but a straight " around a value)',
      }),
    )
    .min(1)
    .describe(
      'Kernel parameters, each as it stands on the command line: `intel_iommu=on`. With `state: absent` a bare key removes any value.',
    ),
  state: z.enum(['present', 'absent']).default('present').describe('Whether the parameters must be there or must not.'),
  policies: z
    .record(z.string(), z.enum(['set', 'multi', 'csv-merge', 'sequence']))
    .default({})
    .describe(
      'How values of a key live together, where the default does not fit: `set` (one value), `multi` (may repeat), `csv-merge` (one token, union of its comma-separated values), `sequence` (order matters).',
    ),
});

interface Current {
  readonly loader: BootLoader;
  readonly grub: GrubCmdline | null;
  readonly bls: BlsCmdline | null;
  readonly entries: BootEntries | null;
  readonly live: readonly CmdlineToken[];
}

export default defineModule<z.infer<typeof args>, Current>({
  name: 'kernel-cmdline',
  summary: 'Put parameters on the kernel command line of every boot entry, or take them off',
  description: `Compares three states: what later kernels get, every boot entry of today, and \`/proc/cmdline\`. What only a boot can mend is
returned in \`reboot_reasons\`, in every run until it is mended. Parameters nobody named are never dropped, nor are further
switches of \`intel_iommu\` and \`iommu\` that do not contradict: \`intel_iommu=on,igfx_off\` says \`on\` too.

Where update-grub writes the menu (Debian, Ubuntu), the configuration is \`/etc/default/grub\` and \`/etc/default/grub.d/*.cfg\`,
evaluated by a shell as grub-mkconfig does. Parameters that other files set already are left to them; others go to
\`/etc/default/grub.d/zz-tsplay.cfg\`. Every non-recovery entry of the generated grub.cfg must hold them.

Where each entry is a file (the RHEL family), all \`/boot/loader/entries/*.conf\` but the rescue entries must hold them, with
\`$kernelopts\` and \`$tuned_params\` put in as GRUB's environment block and grub.cfg set them, and left standing.
\`/etc/kernel/cmdline\`, where there is one, and \`/etc/default/grub\` are kept in step for later kernels. Neither grub2-mkconfig nor grubby is run: each file is
replaced as a whole, and the diff shows it.

Words are compared as the kernel does (lib/cmdline.c, kernel/params.c): \`-\` and \`_\` in keys are the same, and of two
\`vfio-pci.ids\` the last wins, which is why two of them are refused. Hosts with systemd-boot or ostree are recognised and
refused.`,
  args,
  textArgs: ['tokens.*'],
  async observe(_, read) {
    const [menu, cmdline, grub] = await Promise.all([
      bootMenu(read),
      read(pseudoFile('/proc/cmdline')),
      grubCmdline(read),
    ]);
    const { loader, entries } = menu;
    return { loader, entries, grub, bls: await blsCmdline(read, menu), live: tokenize(cmdline ?? '') };
  },
  plan(given, { grub, bls, loader }) {
    if (bls) return planBlsCmdline(bls, desireOf(given));
    if (!grub) throw refused(loader);
    return planGrubCmdline(grub, desireOf(given));
  },
  result: (given, current) => ({
    ...statesOf(desireOf(given), current),
    reboot_reasons: rebootReasons(desireOf(given), current.live),
  }),
  examples: [
    { title: 'IOMMU for passthrough on an Intel host', task: 'kernel-cmdline:\n  tokens: [intel_iommu=on, iommu=pt]' },
    {
      title: 'Two cards for vfio-pci, beside those others named',
      task: 'kernel-cmdline:\n  tokens: ["vfio-pci.ids=10de:20f1,10de:1aef"]',
    },
    {
      title: 'Take the unsafe option of an old guide away',
      task: 'kernel-cmdline:\n  tokens: [vfio_iommu_type1.allow_unsafe_interrupts]\n  state: absent',
    },
  ],
});

/**
 * Asked for in the same frame as the loader's own probe. Where entries are files nobody waits for it, because in check mode
 * a planned edit of /etc/default/grub makes its meaning unknown.
 */
async function grubCmdline(read: Read): Promise<GrubCmdline | null> {
  const parts = Promise.all([
    read(grubDefaults()),
    read(fileContent(OWN_DROP_IN)),
    read(fileState(GRUB_DROP_INS)),
    read(freeSpace('/boot')),
  ]);
  parts.catch(() => {});
  const { loader, entries } = await bootMenu(read);
  if (loader.kind !== 'grub-mkconfig' || !entries) return null;
  const [defaults, dropIn, dropInDirectory, freeBytes] = await parts;
  return { updateCommand: loader.updateCommand, defaults, dropIn, dropInDirectory, entries, freeBytes };
}

async function blsCmdline(read: Read, { bls: menu }: BootMenu): Promise<BlsCmdline | null> {
  if (!menu) return null;
  const [kernelCmdline, defaultGrub, defaultWords, freeBytes] = await Promise.all([
    read(fileContent(KERNEL_CMDLINE)),
    read(fileContent(GRUB_DEFAULTS)),
    read(grubDefaultWords()),
    menu.files.length > 0 ? read(freeSpace(BLS_DIRECTORY)) : 0,
  ]);
  return { menu, kernelCmdline, defaultGrub, defaultWords, freeBytes };
}

function desireOf({ state, tokens, policies }: z.infer<typeof args>): CmdlineDesire {
  return { state, tokens: tokens.map(parseToken), policies };
}

function statesOf(desire: CmdlineDesire, { loader, entries }: Current) {
  return {
    boot_loader: loader.kind,
    stale_entries: entries ? staleEntries(entries, desire).map((entry) => entry.title) : [],
  };
}

function rebootReasons(desire: CmdlineDesire, live: readonly CmdlineToken[]): readonly RebootReason[] {
  const unmet = unmetTokens(live, desire).join(' ');
  if (unmet === '') return [];
  const detail =
    desire.state === 'present'
      ? `the running kernel was booted without ${unmet}`
      : `the running kernel was booted with ${unmet}`;
  return [{ kind: 'cmdline', detail }];
}

const REFUSALS: Readonly<Record<Exclude<BootLoader['kind'], 'grub-mkconfig' | 'bls'>, string>> = {
  'systemd-boot': 'systemd-boot or a unified kernel image takes its command line from /etc/kernel/cmdline',
  ostree: 'an ostree deployment keeps its kernel arguments (rpm-ostree kargs, bootc kargs.d)',
  none: 'no boot loader was found',
};

function refused(loader: BootLoader): TaskError {
  if (loader.kind === 'grub-mkconfig' || loader.kind === 'bls')
    return new TaskError('the boot loader changed while it was read; try again');
  return new TaskError(
    `cannot set the kernel command line here: ${REFUSALS[loader.kind]} (${loader.evidence}); GRUB is supported, with update-grub or with entries in /boot/loader/entries`,
    {
      boot_loader: loader.kind,
    },
  );
}
