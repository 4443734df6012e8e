import { z } from 'zod';
import type { FileContent } from '../contract/file-state.ts';
import type { Change } from '../contract/change.ts';
import { defineModule } from '../contract/module.ts';
import { TaskError } from '../contract/task-error.ts';
import { replaceContent } from '../changes/write-file.ts';
import { type EditedFile, editedFile, missingDirectories } from './directories.ts';
import { backup, hostPath, ownership, validate } from './fields.ts';
import { backupOf, changesOf, editedBy, editMessage } from './edit-result.ts';
import { type LineEdit, absentLines, presentLine, splitLines } from './line-edit.ts';
import { refuseUnstableResult, refuseUnsuitableLine } from './line-refusals.ts';
import { adjustAttributes, wantedMode } from './ownership.ts';
import { regularExpression } from './python-regex.ts';
import { splitWords } from './words.ts';

const args = z
  .strictObject({
    path: hostPath.describe('File to edit; a link is followed'),
    line: z.string().optional().describe('The line, without its end'),
    regexp: regularExpression
      .optional()
      .describe('Expression to search in every line; the last match is replaced (or every match removed)'),
    search_string: z.string().optional().describe('Plain text to search for, instead of regexp'),
    state: z.enum(['present', 'absent']).default('present').describe('Whether the line must be there'),
    insertafter: regularExpression.optional().describe('EOF, or an expression: a new line goes after its last match'),
    insertbefore: regularExpression.optional().describe('BOF, or an expression: a new line goes before its last match'),
    firstmatch: z.boolean().default(false).describe('Use the first match instead of the last'),
    on_multiple: z
      .enum(['last', 'all', 'error'])
      .default('last')
      .describe(
        'What becomes of several lines that match: the last is replaced, as by Ansible, or all are, or none and it is said',
      ),
    backrefs: z
      .boolean()
      .default(false)
      .describe('line may refer to groups of regexp; without a match nothing changes'),
    create: z.boolean().default(false).describe('Create the file when it is missing, with its directories'),
    backup,
    validate,
    ...ownership,
  })
  .refine(({ regexp, search_string }) => regexp === undefined || search_string === undefined, {
    error: 'regexp and search_string cannot be given together',
  })
  .refine(({ insertafter, insertbefore }) => insertafter === undefined || insertbefore === undefined, {
    error: 'insertafter and insertbefore cannot be given together',
  })
  .refine(({ state, line }) => state === 'absent' || line !== undefined, {
    error: 'state present needs line',
    path: ['line'],
  })
  .refine(({ backrefs, regexp }) => !backrefs || regexp !== undefined, {
    error: 'backrefs needs regexp',
    path: ['backrefs'],
  })
  .refine(
    ({ state, line, regexp, search_string }) => state === 'present' || (line ?? regexp ?? search_string) !== undefined,
    {
      error: 'state absent needs line, regexp or search_string',
    },
  );

type Args = z.output<typeof args>;

export default defineModule<Args, EditedFile>({
  name: 'lineinfile',
  summary: 'Keep one line in a text file, or keep it out',
  description:
    'Works on bytes: everything outside the line stays as it is, whatever its encoding or line ends. An edit that the next run would make again is refused: a regexp that still finds another line to replace, or backrefs that make the line grow. Registered, as by Ansible: msg (line added, line replaced, 2 line(s) removed), backup and, with state absent, found.',
  args,
  argAliases: { dest: 'path', destfile: 'path', name: 'path', regex: 'regexp', value: 'line' },
  textArgs: ['mode', 'line'],
  observe: ({ path, create }, read) => editedFile(path, create, read),
  plan,
  details(wanted, current, applied) {
    const edited = editedBy(
      changesOf(applied, () => plan(wanted, current)),
      current,
    );
    const [before, after] = [splitLines(edited.before).length, splitLines(edited.after).length];
    const removed = wanted.state === 'absent' ? before - after : 0;
    const added = edited.before === edited.after ? '' : before < after ? 'line added' : 'line replaced';
    const isGone = wanted.state === 'absent' && current.kind === 'absent';
    return {
      msg: isGone ? 'file not present' : editMessage(removed > 0 ? `${removed} line(s) removed` : added, edited),
      backup: backupOf(applied) ?? '',
      ...(wanted.state === 'absent' && !isGone && { found: removed }),
    };
  },
  examples: [
    {
      title: 'One setting of GRUB',
      task: 'lineinfile:\n  path: /etc/default/grub\n  regexp: ^GRUB_TIMEOUT=\n  line: GRUB_TIMEOUT=5',
    },
    { title: 'No swap at boot', task: "lineinfile:\n  path: /etc/fstab\n  regexp: '\\sswap\\s'\n  state: absent" },
  ],
});

function plan(wanted: Args, current: EditedFile): readonly Change[] {
  const edit = editFor(wanted);
  if (current.kind === 'absent' && wanted.state === 'absent') return [];
  if (current.kind === 'absent' && !wanted.create)
    throw new TaskError(`${wanted.path} does not exist; create: true would make it`);
  if (wanted.line !== undefined && wanted.state === 'present') refuseUnsuitableLine(edit, wanted.path);
  const before = current.kind === 'file' ? Buffer.from(current.bytes).toString('latin1') : '';
  const after = wanted.state === 'present' ? presentLine(before, edit) : absentLines(before, edit);
  if (wanted.state === 'present' && after !== before) refuseUnstableResult(after, edit);
  if (after === before && current.kind === 'file') return adjustAttributes(current, wanted);
  const write = replaceContent(current, Buffer.from(after, 'latin1'), optionsOf(wanted, current));
  return [...missingDirectories(current.above ?? [], {}), write];
}

function editFor(wanted: Args): LineEdit {
  const { line = '', regexp, search_string, insertafter, insertbefore, firstmatch, on_multiple, backrefs } = wanted;
  return {
    line,
    regexp,
    searchString: search_string,
    insertAfter: insertafter,
    insertBefore: insertbefore,
    isFirst: firstmatch,
    onMultiple: on_multiple,
    hasBackrefs: backrefs,
  };
}

function optionsOf(wanted: Args, current: FileContent) {
  const { owner, group, backup: keep } = wanted;
  const command = wanted.validate ?? SYNTAX_CHECKS[current.realPath];
  return {
    mode: wantedMode(wanted.mode, current),
    owner,
    group,
    backup: keep,
    ...(command && { validate: splitWords(command) }),
  };
}

/** Files whose mistakes are only noticed at the next boot. */
const SYNTAX_CHECKS: Readonly<Record<string, string>> = { '/etc/default/grub': 'sh -n %s' };
