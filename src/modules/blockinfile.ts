import { z } from 'zod';
import { replaceContent } from '../changes/write-file.ts';
import type { Change } from '../contract/change.ts';
import { defineModule } from '../contract/module.ts';
import { TaskError } from '../contract/task-error.ts';
import { type BlockEdit, withBlock } from './block-edit.ts';
import { type EditedFile, editedFile, missingDirectories } from './directories.ts';
import { backupOf, changesOf, editedBy, editMessage } from './edit-result.ts';
import { regularExpression } from './python-regex.ts';
import { backup, hostPath, ownership, validate } from './fields.ts';
import { adjustAttributes, wantedMode } from './ownership.ts';
import { splitWords } from './words.ts';

const args = z
  .strictObject({
    path: hostPath.describe('File to edit; a link is followed'),
    block: z.string().default('').describe('The lines between the markers; none removes block and markers'),
    marker: z
      .string()
      .default('# {mark} ANSIBLE MANAGED BLOCK')
      .describe('Line around the block; {mark} becomes BEGIN or END'),
    marker_begin: z.string().default('BEGIN').describe('What {mark} becomes above the block'),
    marker_end: z.string().default('END').describe('What {mark} becomes below the block'),
    state: z.enum(['present', 'absent']).default('present').describe('Whether the block must be there'),
    insertafter: regularExpression.optional().describe('EOF, or an expression: a new block goes after its last match'),
    insertbefore: regularExpression
      .optional()
      .describe('BOF, or an expression: a new block goes before its last match'),
    create: z.boolean().default(false).describe('Create the file when it is missing, with its directories'),
    backup,
    validate,
    ...ownership,
  })
  .refine(({ marker }) => marker.includes('{mark}'), {
    error: 'must hold {mark}, or begin and end cannot be told apart',
    path: ['marker'],
  })
  .refine(({ insertafter, insertbefore }) => insertafter === undefined || insertbefore === undefined, {
    error: 'insertafter and insertbefore cannot be given together',
  });

type Args = z.output<typeof args>;

export default defineModule<Args, EditedFile>({
  name: 'blockinfile',
  summary: 'Keep a block of lines between two markers in a text file',
  description:
    'Works on bytes; everything outside the block stays as it is. Markers are those of Ansible, so blocks it wrote are found.',
  args,
  argAliases: { dest: 'path', destfile: 'path', name: 'path', content: 'block' },
  textArgs: ['mode'],
  observe: ({ path, create }, read) => editedFile(path, create, read),
  plan,
  details(wanted, current, applied) {
    const changes = changesOf(applied, () => plan(wanted, current));
    const [write] = changes.filter((change) => change.kind === 'write-file');
    const backup = backupOf(applied);
    const content =
      write?.before.state.kind === 'absent' ? 'File created' : hasBlock(wanted) ? 'Block inserted' : 'Block removed';
    const isGone = current.kind === 'absent' && changes.length === 0;
    return {
      msg: isGone ? `File ${wanted.path} not present` : editMessage(write ? content : '', editedBy(changes, current)),
      ...(backup && { backup_file: backup }),
    };
  },
  examples: [
    {
      title: 'Names of the controllers',
      task: 'blockinfile:\n  path: /etc/hosts\n  block: |\n    192.0.2.11 controller1\n    192.0.2.12 controller2',
    },
  ],
});

function plan(wanted: Args, current: EditedFile): readonly Change[] {
  const isWanted = hasBlock(wanted);
  if (current.kind === 'absent' && !isWanted) return [];
  if (current.kind === 'absent' && !wanted.create)
    throw new TaskError(`${wanted.path} does not exist; create: true would make it`);
  const before = current.kind === 'file' ? Buffer.from(current.bytes).toString('latin1') : '';
  const edit = editFor(wanted, isWanted);
  const after = withBlock(before, edit);
  // A lone marker, left by hand or by a torn edit, is paired with one of the new block's the next time.
  if (withBlock(after, edit) !== after)
    throw new TaskError(
      `${wanted.path} holds markers without their counterparts, so every run would change it again: take out stray lines "${edit.begin}" and "${edit.end}"`,
    );
  if (after === before && current.kind === 'file') return adjustAttributes(current, wanted);
  const { owner, group, backup: keep, validate: command } = wanted;
  const options = { mode: wantedMode(wanted.mode, current), owner, group, backup: keep };
  return [
    ...missingDirectories(current.above ?? [], {}),
    replaceContent(current, Buffer.from(after, 'latin1'), {
      ...options,
      ...(command && { validate: splitWords(command) }),
    }),
  ];
}

function hasBlock({ state, block }: Args): boolean {
  return state === 'present' && block !== '';
}

function editFor(wanted: Args, isWanted: boolean): BlockEdit {
  const { marker, marker_begin, marker_end, block, insertafter, insertbefore } = wanted;
  return {
    begin: marker.replaceAll('{mark}', marker_begin),
    end: marker.replaceAll('{mark}', marker_end),
    block: isWanted ? block : undefined,
    insertAfter: insertafter,
    insertBefore: insertbefore,
  };
}
