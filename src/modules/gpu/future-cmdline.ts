import { replaceContent } from '../../changes/write-file.ts';
import type { Change } from '../../contract/change.ts';
import type { FileContent } from '../../contract/file-state.ts';
import { TaskError } from '../../contract/task-error.ts';
import type { GrubDefaultWords } from '../../probes/grub-default-words.ts';
import { type CmdlineToken, tokenize } from '../../probes/kernel-cmdline-tokens.ts';
import { amended } from './amended.ts';
import { type CmdlineDesire, unmetTokens } from './cmdline-desire.ts';
import { assignmentsTo, valueOf, withAssignment } from './shell-assignment.ts';

export const KERNEL_CMDLINE = '/etc/kernel/cmdline';

/**
 * kernel-install(8) gives later kernels what stands here, and the running kernel's command line where there is no such
 * file: so it is only kept in step, never made, because an entry without `root=` does not boot.
 */
export function planKernelCmdline(current: FileContent, desire: CmdlineDesire): readonly Change[] {
  if (current.kind !== 'file') return [];
  const lines = Buffer.from(current.bytes).toString().split('\n');
  const comments = lines.filter((line) => line.startsWith('#'));
  const words = tokenize(lines.filter((line) => !line.startsWith('#')).join(' '));
  const wanted = amended(words, desire, { where: current.path });
  if (wanted === words) return [];
  const text = [...comments, wanted.map((token) => token.text).join(' '), ''].join('\n');
  return [replaceContent(current, Buffer.from(text))];
}

const LINUX = 'GRUB_CMDLINE_LINUX';
const LINUX_DEFAULT = 'GRUB_CMDLINE_LINUX_DEFAULT';

/**
 * grub2-mkconfig of the RHEL family reads this one file and no drop-ins. It is changed in place, word by word: additions
 * go to the last assignment of GRUB_CMDLINE_LINUX, what contradicts goes from wherever it stands.
 */
export function planDefaultGrub(
  current: FileContent,
  shell: GrubDefaultWords | null,
  desire: CmdlineDesire,
): readonly Change[] {
  if (current.kind !== 'file') return [];
  const text = Buffer.from(current.bytes).toString();
  const wanted = amendedDefaults(text, { path: current.path, hidden: hiddenIn(shell, current.path) }, desire);
  return wanted === text ? [] : [replaceContent(current, Buffer.from(wanted))];
}

interface DefaultsFile {
  readonly path: string;
  /** What variables and commands in the text stand for. */
  readonly hidden: readonly CmdlineToken[];
}

function amendedDefaults(text: string, { path, hidden }: DefaultsFile, desire: CmdlineDesire): string {
  const assignments = assignmentsTo([LINUX, LINUX_DEFAULT], text, path);
  const visible = [...valueOf(assignments, LINUX), ...valueOf(assignments, LINUX_DEFAULT)];
  const present = [...visible, ...hidden];
  const wanted = amended(present, desire, { where: path });
  if (wanted === present) return text;
  const isKept = (word: { readonly text: string }) => wanted.some((one) => one.text === word.text);
  const isNew = (word: { readonly text: string }) => !present.some((one) => one.text === word.text);
  const stuck = hidden.filter((word) => !isKept(word));
  if (stuck.length > 0) throw hiddenWord(stuck, path);
  const additions = wanted.filter(isNew);
  const last = assignments.findLast((one) => one.name === LINUX);
  const changed = assignments.reduce((done, one) => {
    const words = one.words.filter((word) => isKept(word) || word.text.includes('$'));
    const all = one === last ? [...words, ...additions] : words;
    return all.length === one.words.length && all.every((word, at) => word === one.words[at])
      ? done
      : withAssignment(done, one, all);
  }, text);
  const complete = last ? changed : withLine(changed, `${LINUX}="${additions.map((word) => word.text).join(' ')}"`);
  refuseUnmet(complete, { path, hidden }, desire);
  return complete;
}

function withLine(text: string, line: string): string {
  return `${text === '' || text.endsWith('\n') ? text : `${text}\n`}${line}\n`;
}

function hiddenIn(shell: GrubDefaultWords | null, path: string): readonly CmdlineToken[] {
  if (!shell) return [];
  const assignments = assignmentsTo([LINUX, LINUX_DEFAULT], shell.text, path);
  const visible = [...valueOf(assignments, LINUX), ...valueOf(assignments, LINUX_DEFAULT)];
  return shell.words.filter((word) => !visible.some((one) => one.text === word.text));
}

function hiddenWord(stuck: readonly CmdlineToken[], path: string): TaskError {
  const words = stuck.map((token) => token.text).join(' ');
  return new TaskError(
    `${path}: a variable or a command in ${LINUX} or ${LINUX_DEFAULT} gives ${words}; take it out there`,
  );
}

function refuseUnmet(text: string, { path, hidden }: DefaultsFile, desire: CmdlineDesire): void {
  const assignments = assignmentsTo([LINUX, LINUX_DEFAULT], text, path);
  const visible = [...valueOf(assignments, LINUX), ...valueOf(assignments, LINUX_DEFAULT)];
  const left = unmetTokens([...visible, ...hidden], desire);
  if (left.length > 0)
    throw new TaskError(`${path} could not be made to say ${left.join(' ')}; set ${LINUX} there by hand`);
}
