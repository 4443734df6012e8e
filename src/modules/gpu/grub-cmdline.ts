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
  type GrubStage,
  OWN_DROP_IN,
} from '../../probes/grub-defaults.ts';
import { EMPTY_DROP_IN, type GrubDropIn, parseGrubDropIn, renderGrubDropIn } from '../../probes/grub-drop-in.ts';
import { type CmdlineToken, parseToken } from '../../probes/kernel-cmdline-tokens.ts';
import { difference, refuseConflict } from './amended.ts';
import { type CmdlineDesire, unmetTokens, withDesire } from './cmdline-desire.ts';
import { surplus } from './reboot-reasons.ts';
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
  const { earlier, later } = aroundOwn(stages);
  const before = effectiveTokens(earlier.at(-1));
  refuseConflict(before, desire, 'the GRUB configuration');
  const present =
    grub.dropIn.kind === 'file' ? parseGrubDropIn(Buffer.from(grub.dropIn.bytes).toString()) : EMPTY_DROP_IN;
  const revised = revise(before, present, desire);
  const kept = before.filter((token) => !revised.drop.includes(token.text));
  const culprit = overridingStage([...kept, ...revised.append.map(parseToken)], later, desire);
  if (culprit !== undefined) throw overridden(culprit);
  const text = renderGrubDropIn(revised);
  if (grub.dropIn.kind === 'file' && Buffer.from(grub.dropIn.bytes).toString() === text)
    throw overridden('a later file');
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

interface LaterStage {
  readonly path: string;
  readonly before: readonly CmdlineToken[];
  readonly after: readonly CmdlineToken[];
}

/** The files that are read before our drop-in, and those after it, wherever it will be. */
function aroundOwn(stages: readonly GrubStage[]) {
  const isLater = ({ path }: GrubStage) => path > OWN_DROP_IN && path.startsWith(`${GRUB_DROP_INS}/`);
  const later = stages.flatMap((stage, at): readonly LaterStage[] =>
    isLater(stage)
      ? [{ path: stage.path, before: effectiveTokens(stages[at - 1]), after: effectiveTokens(stage) }]
      : [],
  );
  return { earlier: stages.filter((stage) => stage.path !== OWN_DROP_IN && !isLater(stage)), later };
}

/** The first later file after which it is not as desired: it sets the variables anew, or adds what contradicts. */
function overridingStage(
  tokens: readonly CmdlineToken[],
  later: readonly LaterStage[],
  desire: CmdlineDesire,
): string | undefined {
  let present = tokens;
  for (const { path, before, after } of later) {
    const isAddition = surplus(before, after).length === 0;
    present = isAddition ? [...present, ...surplus(after, before).map(parseToken)] : after;
    if (unmetTokens(present, desire).length > 0) return path;
  }
  return undefined;
}

function overridden(culprit: string): TaskError {
  return new TaskError(
    `${culprit} overrides ${OWN_DROP_IN}, where the parameters belong: append to GRUB_CMDLINE_LINUX_DEFAULT there, or rename it to come before`,
  );
}

function predictedEntries(entries: BootEntries, desire: CmdlineDesire): BootEntries {
  return withEntries(entries, (entry) => ({ ...entry, tokens: withDesire(entry.tokens, desire) }));
}
