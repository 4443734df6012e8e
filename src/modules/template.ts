import { basename, join, normalize } from 'node:path/posix';
import { z } from 'zod';
import { defineModule } from '../contract/module.ts';
import { fileContent } from '../probes/file.ts';
import { backup, placement, validate } from './fields.ts';
import { observePlace, type Placed, placedValues, planPlace } from './file-placement.ts';

const LINE_ENDS = { '\\n': '\n', '\\r': '\r', '\\r\\n': '\r\n', '\n': '\n', '\r': '\r', '\r\n': '\r\n' } as const;

const args = z.strictObject({
  src: z.string().min(1).describe('Jinja2 template on the controller'),
  dest: z
    .string()
    .startsWith('/', { error: 'must be an absolute path on the host' })
    .describe('File to write; in a directory it keeps the name of the template'),
  trim_blocks: z.boolean().default(true).describe('Drop the line end after a block'),
  lstrip_blocks: z.boolean().default(false).describe('Drop the white space before a block that begins its line'),
  force: z.boolean().default(true).describe('Replace a file with other content; false only creates'),
  newline_sequence: z.enum(['\\n', '\\r', '\\r\\n', '\n', '\r', '\r\n']).default('\n').describe('How lines end'),
  backup,
  validate,
  ...placement,
});

interface Args extends z.output<typeof args> {
  /** Put here by `prepare`. */
  readonly text?: string;
  readonly sourceMode?: number;
}

export default defineModule<Args, Placed>({
  name: 'template',
  summary: 'Put a file on the host that is rendered from a template',
  description:
    'Rendered on the controller before the host is looked at; an undefined variable is an error that names it. Registers what copy registers.',
  args,
  textArgs: ['mode'],
  source: () => ({ argument: 'src', folder: 'templates' }),
  async prepare(wanted, controller) {
    const { src, mode, trim_blocks, lstrip_blocks } = wanted;
    const isUsual = trim_blocks && !lstrip_blocks;
    const text = await controller.render(
      src,
      isUsual ? undefined : { trimBlocks: trim_blocks, lstripBlocks: lstrip_blocks },
    );
    return { ...wanted, text, ...(mode === 'preserve' && { sourceMode: await controller.mode(src, 'templates') }) };
  },
  async observe({ src, dest, text = '', sourceMode, newline_sequence }, read) {
    const path = normalize(dest).replace(/(.)\/+$/, '$1');
    const found = dest.endsWith('/') ? undefined : await read(fileContent(path, 0));
    const isInside = found === undefined || (found.kind === 'not-a-file' && found.state.kind === 'directory');
    const bytes = Buffer.from(text.replaceAll('\n', LINE_ENDS[newline_sequence]));
    return observePlace({ name: '', bytes, mode: sourceMode }, isInside ? join(path, basename(src)) : path, read);
  },
  plan: (wanted, placed) => planPlace(placed, wanted),
  result: ({ src }, { content }) => ({ src, dest: content.path }),
  details: (wanted, placed) => placedValues(placed, planPlace(placed, wanted), wanted),
  examples: [
    {
      title: 'Nova’s configuration',
      task: "template:\n  src: nova.conf.j2\n  dest: /etc/nova/nova.conf\n  mode: '0640'\n  group: nova",
    },
  ],
});
