import { z } from 'zod';
import type { Change, RebootReason } from '../contract/change.ts';
import { defineModule, type TaskView } from '../contract/module.ts';
import type { Read } from '../contract/probe.ts';
import { TaskError } from '../contract/task-error.ts';
import { bootIdentity } from '../probes/boot-identity.ts';
import type { BootEntry } from '../probes/grub-config.ts';
import { tokenize } from '../probes/kernel-cmdline-tokens.ts';
import { needsRestarting } from '../probes/needs-restarting.ts';
import { describeWork, type PackageWork, packageWork } from '../probes/package-work.ts';
import { pciTree } from '../probes/pci.ts';
import { pseudoFile } from '../probes/pseudo-file.ts';
import { type BootFiles, type RebootGate, rebootGate } from '../probes/reboot-gate.ts';
import { bootMenu } from './gpu/boot-menu.ts';
import { defaultEntryProblem } from './gpu/default-entry.ts';
import { isSelector } from './gpu/pci-selector.ts';
import {
  type BootObservation,
  cmdlineReasons,
  distinct,
  driverReasons,
  expectedCmdlineReasons,
  isBootOlderThanRun,
  packageReasons,
  passedReasons,
  survivors,
} from './gpu/reboot-reasons.ts';

const reasonKinds = [
  'cmdline',
  'initramfs',
  'module-param',
  'binding',
  'blacklist',
  'firmware',
  'package',
  'requested',
] as const;
const reason = z.strictObject({
  kind: z.enum(reasonKinds).describe('What kind of state only a boot can mend.'),
  detail: z.string().min(1).describe('What a person reads.'),
});

const args = z.strictObject({
  policy: z
    .enum(['if-needed', 'always', 'never'])
    .default('if-needed')
    .describe('`if-needed`: only while a reason exists. `always`: once in a run. `never`: only report the reasons.'),
  reasons: z
    .array(reason)
    .default([])
    .describe('`reboot_reasons` that earlier tasks registered; add the lists up with `+`.'),
  expect: z
    .strictObject({
      cmdline: z.array(z.string()).default([]).describe('Parameters the running kernel must have been booted with.'),
      drivers: z
        .record(z.string().refine(isSelector, 'must be a PCI address or vendor:device'), z.string())
        .default({})
        .describe('PCI address or vendor:device, and the driver that must hold it.'),
    })
    .default({ cmdline: [], drivers: {} })
    .describe('What must be so; while it is not, there is a reason to reboot.'),
  honour_reboot_required: z
    .boolean()
    .default(false)
    .describe(
      'Take for a reason what package tools say: /run/reboot-required, or needs-restarting(1) where it is installed.',
    ),
  checks: z
    .array(z.enum(['boot-files', 'guests', 'packages']))
    .default(['boot-files', 'guests', 'packages'])
    .describe(
      'What is checked before a reboot: `boot-files` is the next entry with its kernel and initrd, `guests` that none runs, `packages` that none is being installed.',
    ),
  deadline: z
    .number()
    .int()
    .positive()
    .default(1800)
    .describe('Seconds until the host must be back and healthy. GPU servers test their memory for minutes.'),
  stable: z.number().int().nonnegative().default(10).describe('Seconds it must then stay up.'),
  test_command: z
    .union([z.string().min(1), z.array(z.string()).min(1)])
    .default(['true'])
    .describe('Must exit 0 on the new boot; a string is run by sh, a list is run as it is.'),
  message: z.string().default('').describe('For the record.'),
});

interface Current extends BootObservation {
  readonly reasons: readonly RebootReason[];
  /** This task has just rebooted the host. */
  readonly isVerifying: boolean;
  readonly gate: RebootGate | null;
  readonly work: PackageWork | null;
  /** The loader's menu could be read, so that a default entry must be in it. */
  readonly hasMenu: boolean;
  /** What speaks against the default entry itself. */
  readonly entryProblem: string | null;
}

type Args = z.infer<typeof args>;

export default defineModule<Args, Current>({
  name: 'reboot-and-wait',
  summary: 'Reboot while there is a reason to, and wait until the host is back, itself and healthy',
  description: `Converges like any module: it looks for reasons itself (the default boot entry against /proc/cmdline, expected parameters and
drivers) and reboots only while one exists, so a second run does nothing. A reason that survives the reboot fails the task;
there is never a second one. Before it, the entry that the next boot takes is looked at, in GRUB's menu or among the files of
/boot/loader/entries: its kernel and initrd must be there, an initrd of that kernel must not go unnamed, and it must be neither the rescue entry nor one that another
machine-id left behind while this host has its own; nor while guests run or packages are being installed. Success is a new boot id (random(4)), the same machine-id and host key, that entry's kernel, the test
command, and a boot id that stays. Told apart: never went down, never came back, another machine, another kernel, unhealthy, boot loop.`,
  args,
  textArgs: ['expect.cmdline.*'],
  observe,
  plan,
  result: (_, current, applied) => ({
    rebooted: applied.length > 0,
    reboot_reasons: current.reasons,
    boot_id: current.identity.bootId,
    kernel: current.identity.kernelRelease,
  }),
  examples: [
    { title: 'Reboot if anything needs it', task: 'reboot-and-wait:' },
    {
      title: 'Until the cards are held by vfio-pci',
      task: 'reboot-and-wait:\n  reasons: "{{ cmdline.reboot_reasons + initramfs.reboot_reasons }}"\n  expect:\n    drivers: {"10de:20f1": vfio-pci}\n  test_command: [systemctl, is-active, libvirtd]',
    },
  ],
});

async function observe(given: Args, read: Read, task: TaskView): Promise<Current> {
  const { runElapsedSeconds, isVerifying } = task;
  const [identity, cmdline, menu, tree, restarting] = await Promise.all([
    read(bootIdentity(runElapsedSeconds)),
    read(pseudoFile('/proc/cmdline')),
    bootMenu(read),
    Object.keys(given.expect.drivers).length > 0 ? read(pciTree()) : null,
    given.honour_reboot_required ? read(needsRestarting()) : null,
  ]);
  const nextEntry = menu.entries?.default ?? null;
  const observation = {
    identity,
    runElapsedSeconds,
    live: tokenize(cmdline ?? ''),
    nextEntry,
    functions: tree?.functions ?? [],
  };
  const reasons = distinct([
    ...reasonsOf(given, observation),
    ...(given.honour_reboot_required ? packageReasons(identity, restarting) : []),
  ]);
  const isDue = reasons.length > 0 && given.policy !== 'never';
  const [gate, work] = isDue
    ? await Promise.all([read(rebootGate(bootFilesOf(nextEntry))), read(packageWork())])
    : [null, null];
  const entryProblem = menu.bls && defaultEntryProblem(menu.bls, nextEntry, identity.machineId);
  return { ...observation, reasons, isVerifying, gate, work, hasMenu: menu.entries !== null, entryProblem };
}

function reasonsOf(given: Args, observation: BootObservation): readonly RebootReason[] {
  const requested: readonly RebootReason[] =
    given.policy === 'always' && isBootOlderThanRun(observation)
      ? [{ kind: 'requested', detail: given.message || 'the playbook asks for it' }]
      : [];
  return distinct([
    ...cmdlineReasons(observation),
    ...expectedCmdlineReasons(observation, given.expect),
    ...driverReasons(observation, given.expect),
    ...passedReasons(observation, given.reasons),
    ...requested,
  ]);
}

function plan(given: Args, current: Current): readonly Change[] {
  const { reasons, identity } = current;
  if (reasons.length === 0 || given.policy === 'never') return [];
  refuseSurvivors(current);
  refuseUnsafe(given, current);
  return [
    {
      kind: 'reboot',
      reasons,
      bootId: identity.bootId,
      machineId: identity.machineId,
      deadlineMs: given.deadline * 1000,
      stableMs: given.stable * 1000,
      testCommand: testCommandOf(given.test_command),
      message: given.message,
      ...kernelOf(current.nextEntry),
    },
  ];
}

/** Right after this task's own reboot every difference of the command line has survived it, whatever the reason was. */
function refuseSurvivors(current: Current): void {
  const { reasons, isVerifying } = current;
  const differences = isVerifying ? reasons.filter((one) => one.kind === 'cmdline') : [];
  const survived = distinct([...survivors(reasons, current), ...differences]);
  if (survived.length === 0) return;
  const details = survived.map((one) => one.detail).join('; ');
  const entry = current.nextEntry
    ? ` The default boot entry is "${current.nextEntry.title}"; perhaps another one was booted.`
    : '';
  throw new TaskError(
    `a reboot did not help: ${details}.${entry} The host is not rebooted again for the same reason.`,
    {
      reboot_reasons: current.reasons,
      failure: 'reason-survived',
    },
  );
}

function refuseUnsafe({ checks }: Args, { gate, work, hasMenu, nextEntry, entryProblem }: Current): void {
  const complaints: string[] = [];
  if (checks.includes('boot-files') && hasMenu && !nextEntry)
    complaints.push('no default boot entry with a kernel was found in the boot menu');
  if (checks.includes('boot-files') && entryProblem) complaints.push(entryProblem);
  if (checks.includes('boot-files'))
    complaints.push(
      ...(gate?.brokenFiles ?? []).map((path) => `${path} of the next boot entry is missing, empty or cut short`),
    );
  if (checks.includes('boot-files') && gate?.unnamedImage)
    complaints.push(
      `the next boot entry names no initrd, though ${gate.unnamedImage} is there: without it the root file system may not be found (initramfs gives it to entries of update-grub)`,
    );
  if (checks.includes('guests') && gate?.guestsUnknown)
    complaints.push(`virsh does not say whether guests run (${gate.guestsUnknown})`);
  if (checks.includes('guests') && gate && gate.guests.length > 0)
    complaints.push(`guests are running: ${gate.guests.join(', ')}`);
  if (checks.includes('packages') && work) complaints.push(describeWork(work));
  if (complaints.length > 0)
    throw new TaskError(`not rebooted: ${complaints.join('; ')}`, { failure: 'gate', complaints });
}

function testCommandOf(command: Args['test_command']): readonly [string, ...string[]] {
  const [program = 'true', ...words] = typeof command === 'string' ? ['sh', '-c', command] : command;
  return [program, ...words];
}

/** Distributions name the file after the release; `/vmlinuz` alone says nothing. */
function kernelOf(entry: BootEntry | null): { readonly kernelRelease?: string } {
  const kernelRelease = /\/vmlinu[xz]-([^/$]+)$/.exec(entry?.kernel ?? '')?.[1];
  return kernelRelease === undefined ? {} : { kernelRelease };
}

function bootFilesOf(entry: BootEntry | null): BootFiles {
  if (!entry) return { named: [], kernelAlone: null };
  const named = [entry.kernel, ...entry.initrds].filter(isPlainPath);
  return { named, kernelAlone: entry.initrds.length === 0 ? entry.kernel : null };
}

/** `(hd0,1)/vmlinuz` and variables are the boot loader's own business. */
function isPlainPath(path: string): boolean {
  return path.startsWith('/') && !path.includes('$');
}
