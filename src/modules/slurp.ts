import { z } from 'zod';
import type { FileContent } from '../contract/file-state.ts';
import { defineModule } from '../contract/module.ts';
import { TaskError } from '../contract/task-error.ts';
import { fileContent } from '../probes/file.ts';
import { pseudoFile } from '../probes/pseudo-file.ts';
import { hostPath } from './fields.ts';

const args = z
  .strictObject({
    src: hostPath.optional().describe('File on the host to read'),
    path: hostPath.optional().describe('Another name of src'),
  })
  .refine(({ src, path }) => (src === undefined) !== (path === undefined), { error: 'needs src, the file to read' });

type Args = z.output<typeof args>;

export default defineModule<Args, Uint8Array>({
  name: 'slurp',
  summary: 'Read a file of the host; the content is registered in base64',
  args,
  argAliases: { path: 'src' },
  async observe(wanted, read) {
    const path = sourceOf(wanted);
    if (/^\/(?:proc|sys)\//.test(path)) return kernelText(path, await read(pseudoFile(path)));
    return bytesOf(await read(fileContent(path)));
  },
  plan: () => [],
  result: (wanted, bytes) => ({
    content: Buffer.from(bytes).toString('base64'),
    encoding: 'base64',
    source: sourceOf(wanted),
  }),
  examples: [{ title: 'The running kernel’s command line', task: 'slurp:\n  src: /proc/cmdline' }],
});

function sourceOf({ src, path }: Args): string {
  return src ?? path ?? '';
}

function kernelText(path: string, text: string | null): Uint8Array {
  if (text === null) throw new TaskError(`${path} does not exist`);
  return Buffer.from(text === '' ? '' : `${text}\n`);
}

function bytesOf(content: FileContent): Uint8Array {
  if (content.kind === 'file') return content.bytes;
  if (content.kind === 'absent') throw new TaskError(`${content.path} does not exist`);
  if (content.kind === 'too-large')
    throw new TaskError(`${content.path} is too large to be read (${content.state.size} bytes, at most 4 MiB)`);
  throw new TaskError(`${content.path} is no regular file`);
}
