import { z } from 'zod';
import type { RebootReason } from '../contract/change.ts';
import { defineModule } from '../contract/module.ts';
import { TaskError } from '../contract/task-error.ts';
import { bootEntries } from '../probes/boot-entries.ts';
import { type BootLoader, bootLoader } from '../probes/boot-loader.ts';
import { fileContent, fileState } from '../probes/file.ts';
import { freeSpace } from '../probes/free-space.ts';
import { GRUB_DROP_INS, grubDefaults, OWN_DROP_IN } from '../probes/grub-defaults.ts';
import { type CmdlineToken, parseToken, tokenize } from '../probes/kernel-cmdline-tokens.ts';
import { pseudoFile } from '../probes/pseudo-file.ts';
import type { Read } from '../contract/probe.ts';
import { type CmdlineDesire, unmetTokens } from './gpu/cmdline-desire.ts';
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
  readonly live: readonly CmdlineToken[];
}

export default defineModule<z.infer<typeof args>, Current>({
  name: 'kernel-cmdline',
  summary: 'Put parameters on the kernel command line of every boot entry, or take them off',
  description: `Compares three states: the configuration (\`/etc/default/grub\` and \`/etc/default/grub.d/*.cfg\`, evaluated by a shell as
grub-mkconfig does), every non-recovery entry of the generated grub.cfg, and \`/proc/cmdline\`. What only a boot can mend is
returned in \`reboot_reasons\`, in every run until it is mended. Parameters that other files set already are left to them;
others go to \`/etc/default/grub.d/zz-tsplay.cfg\`. Parameters nobody named are never dropped,
nor are further switches of \`intel_iommu\` and \`iommu\` that do not contradict: \`intel_iommu=on,igfx_off\` says \`on\` too.

Words are compared as the kernel does (lib/cmdline.c, kernel/params.c): \`-\` and \`_\` in keys are the same, and of two
\`vfio-pci.ids\` the last wins, which is why two of them are refused. Hosts with BLS entries (grubby), systemd-boot or ostree
are recognised and refused.`,
  args,
  textArgs: ['tokens.*'],
  async observe(_, read) {
    const [loader, cmdline, grub] = await Promise.all([
      read(bootLoader()),
      read(pseudoFile('/proc/cmdline')),
      grubCmdline(read),
    ]);
    return { loader, grub, live: tokenize(cmdline ?? '') };
  },
  plan(given, current) {
    if (!current.grub) throw refused(current.loader);
    return planGrubCmdline(current.grub, desireOf(given));
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

/** Read in the same frame as the loader's own probe: of no use without GRUB, but then cheap too. */
async function grubCmdline(read: Read): Promise<GrubCmdline | null> {
  const [loader, defaults, dropIn, dropInDirectory, usual, freeBytes] = await Promise.all([
    read(bootLoader()),
    read(grubDefaults()),
    read(fileContent(OWN_DROP_IN)),
    read(fileState(GRUB_DROP_INS)),
    read(bootEntries('/boot/grub/grub.cfg')),
    read(freeSpace('/boot')),
  ]);
  if (loader.kind !== 'grub-mkconfig') return null;
  const { configFile, updateCommand } = loader;
  const entries = configFile === usual.configFile ? usual : await read(bootEntries(configFile));
  return { updateCommand, defaults, dropIn, dropInDirectory, entries, freeBytes };
}

function desireOf({ state, tokens, policies }: z.infer<typeof args>): CmdlineDesire {
  return { state, tokens: tokens.map(parseToken), policies };
}

function statesOf(desire: CmdlineDesire, { loader, grub }: Current) {
  return {
    boot_loader: loader.kind,
    stale_entries: grub ? staleEntries(grub.entries, desire).map((entry) => entry.title) : [],
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

const REFUSALS: Readonly<Record<Exclude<BootLoader['kind'], 'grub-mkconfig'>, string>> = {
  bls: 'boot entries are BLS files, which grubby edits',
  'systemd-boot': 'systemd-boot or a unified kernel image takes its command line from /etc/kernel/cmdline',
  ostree: 'an ostree deployment keeps its kernel arguments (rpm-ostree kargs, bootc kargs.d)',
  none: 'no boot loader was found',
};

function refused(loader: BootLoader): TaskError {
  if (loader.kind === 'grub-mkconfig') return new TaskError('the boot loader changed while it was read; try again');
  return new TaskError(
    `cannot set the kernel command line here: ${REFUSALS[loader.kind]} (${loader.evidence}); only GRUB with update-grub is supported`,
    {
      boot_loader: loader.kind,
    },
  );
}
