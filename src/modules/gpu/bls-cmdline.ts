import { replaceContent } from '../../changes/write-file.ts';
import type { Change } from '../../contract/change.ts';
import type { FileContent } from '../../contract/file-state.ts';
import { TaskError } from '../../contract/task-error.ts';
import { BLS_DIRECTORY, type BlsEntry, expandOptions, takesParameters, withOptions } from '../../probes/bls-entries.ts';
import type { GrubDefaultWords } from '../../probes/grub-default-words.ts';
import { withGrubVariable } from '../../probes/grub-environment.ts';
import { type CmdlineToken, tokenize } from '../../probes/kernel-cmdline-tokens.ts';
import type { BlsMenu } from './boot-menu.ts';
import { type CmdlineDesire, unmetTokens } from './cmdline-desire.ts';
import { planDefaultGrub, planKernelCmdline } from './future-cmdline.ts';
import { amended } from './amended.ts';

/** Everything about the command line on a host whose entries are files. */
export interface BlsCmdline {
  readonly menu: BlsMenu;
  /** /etc/kernel/cmdline: what kernel-install gives the entries of later kernels. */
  readonly kernelCmdline: FileContent;
  /** /etc/default/grub: what grub2-mkconfig would give all entries, and in RHEL 8 those of later kernels. */
  readonly defaultGrub: FileContent;
  readonly defaultWords: GrubDefaultWords | null;
  /** Bytes left where the entries are. */
  readonly freeBytes: number;
}

/** Several times what the new entries of a few kernels take: each is written beside the old one. */
const ENTRY_BYTES = 64 * 1024;

/**
 * First what later kernels get, then the entries. grubby is not run: it edits the same files, but not atomically, takes
 * the rescue entry along, and some of its versions take a comma or a part of another parameter's name for their own.
 */
export function planBlsCmdline(
  { menu, kernelCmdline, defaultGrub, defaultWords, freeBytes }: BlsCmdline,
  desire: CmdlineDesire,
): readonly Change[] {
  const entries = menu.files.filter(takesParameters);
  if (entries.length === 0)
    throw new TaskError(`no boot entry with a kernel was found in ${BLS_DIRECTORY}, where GRUB takes them from`);
  const shared = planShared(menu, entries, desire);
  const inBoot = [...shared.changes, ...entries.flatMap((entry) => planEntry(entry, shared.variables, desire))];
  if (inBoot.length > 0 && freeBytes < ENTRY_BYTES)
    throw new TaskError(
      `${BLS_DIRECTORY} has no space left for new entries (${freeBytes} bytes). Remove old kernels first.`,
      { free_bytes: freeBytes },
    );
  return [
    ...planKernelCmdline(kernelCmdline, desire),
    ...planDefaultGrub(defaultGrub, defaultWords, desire),
    ...inBoot,
  ];
}

interface Shared {
  readonly variables: ReadonlyMap<string, string>;
  readonly changes: readonly Change[];
}

/** `kernelopts` (RHEL 8) is one command line for all entries that name it, and for those of later kernels. */
function planShared({ environment, variables }: BlsMenu, entries: readonly BlsEntry[], desire: CmdlineDesire): Shared {
  const isUsed = entries.some((entry) => entry.options.some((token) => token.text === '$kernelopts'));
  const present = variables.get('kernelopts') ?? '';
  const words = tokenize(present);
  if (isUsed && words.length === 0) throw unset(environment);
  const wanted = isUsed ? amended(words, desire, { where: environment.path }) : words;
  if (wanted === words) return { variables, changes: [] };
  const text = wanted.map((token) => token.text).join(' ');
  const block = environment.kind === 'file' ? Buffer.from(environment.bytes).toString() : '';
  const changed = withGrubVariable(block, 'kernelopts', text);
  if (changed === null)
    throw new TaskError(
      `${environment.path} has no space left for kernelopts (its size never changes); shorten it first`,
    );
  return {
    variables: new Map([...variables, ['kernelopts', text]]),
    changes: [replaceContent(environment, Buffer.from(changed))],
  };
}

/** With a value of ours the entries would have no `root=`. */
function unset({ path }: FileContent): TaskError {
  return new TaskError(
    `entries in ${BLS_DIRECTORY} name $kernelopts, and neither ${path} nor grub.cfg sets it; set it to their whole command line first (grub2-editenv - set kernelopts=...)`,
  );
}

function planEntry(entry: BlsEntry, variables: ReadonlyMap<string, string>, desire: CmdlineDesire): readonly Change[] {
  const expand = (tokens: readonly CmdlineToken[]) => expandOptions(tokens, variables);
  const options = amended(entry.options, desire, { where: entry.file.path, expand });
  if (options === entry.options) return [];
  if (entry.options.length === 0) throw bare(entry);
  const left = unmetTokens(expand(options), desire);
  if (left.length > 0) throw overruled(entry, left);
  return [replaceContent(entry.file, withOptions(entry, options))];
}

/** With a line of ours it would lose what it has now, `root=` with it. */
function bare({ file, isCutShort }: BlsEntry): TaskError {
  return new TaskError(
    isCutShort
      ? `${file.path}: GRUB stops reading it at a line without a value (an empty one?), before any options; take that line out`
      : `${file.path} has no options, so GRUB gives it default_kernelopts; write its whole command line there first (grubby --update-kernel)`,
  );
}

function overruled({ file, options }: BlsEntry, left: readonly string[]): TaskError {
  const names = options.map((token) => token.text).filter((text) => text.includes('$'));
  return new TaskError(
    `${file.path}: ${names.join(' ')} in GRUB's environment block or grub.cfg says otherwise about ${left.join(' ')}; change it there ($tuned_params comes from the active tuned profile)`,
  );
}
