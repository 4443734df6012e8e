import { z } from 'zod';
import type { Change } from '../contract/change.ts';
import type { FileContent } from '../contract/file-state.ts';
import { defineModule } from '../contract/module.ts';
import { runCommand } from '../changes/run-command.ts';
import { replaceContent } from '../changes/write-file.ts';
import { TaskError } from '../contract/task-error.ts';
import { fileContent } from '../probes/file.ts';
import { pseudoFile } from '../probes/pseudo-file.ts';
import { hostPath } from './fields.ts';
import { absentLines, type LineEdit, presentLine } from './line-edit.ts';

const args = z
  .strictObject({
    name: z
      .string()
      .regex(/^[A-Za-z0-9_*][\w.*/-]*$/, { error: 'must be a key such as vm.swappiness' })
      .describe('Key: vm.swappiness'),
    value: z.string().optional().describe('Value it must have'),
    state: z
      .enum(['present', 'absent'])
      .default('present')
      .describe('absent removes the line and leaves the running kernel alone'),
    sysctl_file: hostPath.default('/etc/sysctl.conf').describe('Where it is kept for the next boot; made when missing'),
    reload: z.boolean().default(true).describe('Set it in the running kernel too'),
    sysctl_set: z.boolean().optional().describe('Accepted for compatibility: the same as reload'),
  })
  .refine(({ state, value }) => state === 'absent' || value !== undefined, {
    error: 'state present needs value',
    path: ['value'],
  });

type Args = z.output<typeof args>;

interface Current {
  readonly file: FileContent;
  /** In the running kernel; null where there is no such key. */
  readonly live: string | null;
}

export default defineModule<Args, Current>({
  name: 'sysctl',
  summary: 'Set a kernel parameter, now and for the next boot',
  description:
    'Compares the running kernel (/proc/sys) and the file with the value wanted; it has converged when both agree. Source: sysctl.d(5).',
  args,
  argAliases: { key: 'name', val: 'value' },
  textArgs: ['value'],
  async observe({ name, sysctl_file }, read) {
    const path = livePath(name);
    const [file, live] = await Promise.all([
      read(fileContent(sysctl_file)),
      read(pseudoFile(path, ['kernel:/sysctl'])),
    ]);
    return { file, live };
  },
  plan(wanted, { file, live }) {
    const before = file.kind === 'file' ? Buffer.from(file.bytes).toString('latin1') : '';
    const edit = editFor(wanted);
    const after = wanted.state === 'present' ? presentLine(before, edit) : absentLines(before, edit);
    const writes: readonly Change[] = after === before ? [] : [replaceContent(file, Buffer.from(after, 'latin1'))];
    return [...writes, ...liveChanges(wanted, live)];
  },
  result: ({ name, value }) => ({ name, ...(value !== undefined && { value }) }),
  examples: [
    {
      title: 'Do not swap',
      task: "sysctl:\n  name: vm.swappiness\n  value: '1'\n  sysctl_file: /etc/sysctl.d/90-nova.conf",
    },
  ],
});

/** sysctl(8): a dot separates; a slash stands for a dot inside a name (`net.ipv4.conf.eth0/100.forwarding`). */
function livePath(name: string): string {
  const firstSeparator = /[./]/.exec(name)?.[0];
  const path = firstSeparator === '/' ? name : name.replace(/[./]/g, (char) => (char === '.' ? '/' : '.'));
  if (path.split('/').includes('..')) throw new TaskError(`${name} is no key`);
  return `/proc/sys/${path}`;
}

function editFor({ name, value = '' }: Args): LineEdit {
  const key = name.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  return { line: `${name} = ${value}`, regexp: `^\\s*-?${key}\\s*=`, isFirst: false, hasBackrefs: false };
}

function liveChanges(
  { state, reload, sysctl_set = true, name, value = '' }: Args,
  live: string | null,
): readonly Change[] {
  if (state === 'absent' || !reload || !sysctl_set) return [];
  if (live === null)
    throw new TaskError(`the running kernel has no ${name}: is its module loaded, and is it spelled right?`);
  if (words(live) === words(value)) return [];
  return [
    runCommand(['sysctl', '-w', `${name}=${value}`], {
      touches: ['kernel:/sysctl'],
      purpose: `set ${name} in the running kernel`,
    }),
  ];
}

/** The kernel prints several values with tabs between. */
function words(text: string): string {
  return text.trim().split(/\s+/).join(' ');
}
