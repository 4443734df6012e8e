import type { Change } from '../../contract/change.ts';
import type { FileContent, FileState } from '../../contract/file-state.ts';
import { TaskError } from '../../contract/task-error.ts';
import { makeDirectory } from '../../changes/make-directory.ts';
import { replaceContent } from '../../changes/write-file.ts';
import type { BootEntries } from '../../probes/boot-entries.ts';
import type { BootEntry } from '../../probes/grub-config.ts';
import {
  effectiveTokens,
  GRUB_DEFAULTS,
  GRUB_DROP_INS,
  type GrubDefaults,
  OWN_DROP_IN,
} from '../../probes/grub-defaults.ts';
import { EMPTY_DROP_IN, type GrubDropIn, parseGrubDropIn, renderGrubDropIn } from '../../probes/grub-drop-in.ts';
import { type CmdlineToken, parseToken } from '../../probes/kernel-cmdline-tokens.ts';
import { difference, refuseConflict } from './amended.ts';
import { type CmdlineDesire, unmetTokens, withDesire } from './cmdline-desire.ts';
import { updateGrub, withEntries } from './update-grub.ts';

/** Everything about the command line on a host whose menu grub-mkconfig writes. */
export interface GrubCmdline {
  readonly updateCommand: string;
  readonly defaults: GrubDefaults;
  readonly dropIn: FileContent;
  readonly dropInDirectory: FileState;
  readonly entries: BootEntries;
  /** Bytes left in /boot. */
  readonly freeBytes: number;
}

/** Several times what a menu of many kernels takes: the new one is written beside the old one. */
const MENU_BYTES = 256 * 1024;

/** Persisted first, then built; a menu that already holds the tokens is not built again. */
export function planGrubCmdline(grub: GrubCmdline, desire: CmdlineDesire): readonly Change[] {
  const persisted = planDropIn(grub, desire);
  const stale = staleEntries(grub.entries, desire);
  if (persisted.length === 0 && stale.length === 0 && grub.entries.own.length > 0) return [];
  refuseBroken(grub.defaults);
  if (stale.length === 0 && grub.entries.own.length > 0) return persisted;
  refuseFullBoot(grub);
  return [...persisted, updateGrub(grub.updateCommand, predictedEntries(grub.entries, desire))];
}

/** grub-mkconfig itself says `I/O error` once for every line of the menu. */
function refuseFullBoot({ freeBytes }: GrubCmdline): void {
  if (freeBytes >= MENU_BYTES) return;
  throw new TaskError(`/boot has no space left for a new boot menu (${freeBytes} bytes). Remove old kernels first.`, {
    free_bytes: freeBytes,
  });
}

export function staleEntries(entries: BootEntries, desire: CmdlineDesire): readonly BootEntry[] {
  return entries.own.filter((entry) => unmetTokens(entry.tokens, desire).length > 0);
}

/** grub-mkconfig would fail, or worse, succeed without the tokens. */
function refuseBroken({ problems }: GrubDefaults): void {
  if (problems.length === 0) return;
  throw new TaskError(
    `GRUB's configuration is broken and update-grub was not run: ${problems.join('; ')}. Mend it first.`,
    { problems },
  );
}

function planDropIn(grub: GrubCmdline, desire: CmdlineDesire): readonly Change[] {
  const { stages } = grub.defaults;
  refuseBroken(grub.defaults);
  if (unmetTokens(effectiveTokens(stages.at(-1)), desire).length === 0) return [];
  const at = stages.findIndex((stage) => stage.path === OWN_DROP_IN);
  const before = effectiveTokens(at < 0 ? stages.at(-1) : stages[at - 1]);
  refuseConflict(before, desire, 'the GRUB configuration');
  const present =
    grub.dropIn.kind === 'file' ? parseGrubDropIn(Buffer.from(grub.dropIn.bytes).toString()) : EMPTY_DROP_IN;
  const text = renderGrubDropIn(revise(before, present, desire));
  if (grub.dropIn.kind === 'file' && Buffer.from(grub.dropIn.bytes).toString() === text)
    throw overridden(grub.defaults, at, desire);
  const directory = grub.dropInDirectory.kind === 'absent' ? [makeDirectory(GRUB_DROP_INS)] : [];
  return [...directory, replaceContent(grub.dropIn, Buffer.from(text), { validate: AS_GRUB_MKCONFIG })];
}

/**
 * Reads the new drop-in where grub-mkconfig will, with what stands before it: one that fails there would keep every later
 * kernel out of the menu.
 */
const AS_GRUB_MKCONFIG = [
  'env',
  '-i',
  'PATH=/usr/sbin:/usr/bin:/sbin:/bin',
  'sh',
  '-c',
  `exec >/dev/null
set -e
tsplay_new=$1
for tsplay_file in ${GRUB_DEFAULTS} ${GRUB_DROP_INS}/*.cfg; do
  [ "$tsplay_file" = ${OWN_DROP_IN} ] || [ ! -f "$tsplay_file" ] || . "$tsplay_file"
done
. "$tsplay_new"`,
  'sh',
  '%s',
] as const;

/** What the drop-in must take out of the tokens before it, and add to them, so that all is as desired. */
export function revise(before: readonly CmdlineToken[], present: GrubDropIn, desire: CmdlineDesire): GrubDropIn {
  const kept = before.filter((token) => !present.drop.includes(token.text));
  const appended = present.append.map(parseToken);
  const revised = difference(before, withDesire([...kept, ...appended], desire), desire);
  const inseparable = revised.drop.find((text) => /[\s'"]/.test(text));
  if (inseparable)
    throw new TaskError(`${inseparable} is set in ${GRUB_DROP_INS} or /etc/default/grub in quotes; change it there`);
  return revised;
}

function overridden({ stages }: GrubDefaults, at: number, desire: CmdlineDesire): TaskError {
  const culprit = stages.slice(at + 1).find((stage) => unmetTokens(effectiveTokens(stage), desire).length > 0);
  return new TaskError(
    `${OWN_DROP_IN} is as it should be, but ${culprit?.path ?? 'a later file'} overrides it: append to GRUB_CMDLINE_LINUX_DEFAULT there, or rename it to come before`,
  );
}

function predictedEntries(entries: BootEntries, desire: CmdlineDesire): BootEntries {
  return withEntries(entries, (entry) => ({ ...entry, tokens: withDesire(entry.tokens, desire) }));
}
