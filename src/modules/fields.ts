import { normalize } from 'node:path/posix';
import { z } from 'zod';
import { TaskError } from '../contract/task-error.ts';
import { type FileMode, parseFileMode } from './file-mode.ts';

/** A path on the host. */
export const hostPath = z
  .string()
  .refine((path) => path.startsWith('/'), { error: 'must be an absolute path on the host' })
  .refine((path) => !path.includes('\0'), { error: 'cannot hold a NUL byte' })
  .transform((path) =>
    path.endsWith('/') && path !== '/' ? normalize(path).replace(/\/+$/, '') || '/' : normalize(path),
  );

/** `0644`, `'0644'` or `u=rw,g=r,o=r`. */
export const fileMode = z.union([z.string(), z.number()]).transform((value, context): FileMode => {
  try {
    return parseFileMode(value);
  } catch (error) {
    if (!(error instanceof TaskError)) throw error;
    context.addIssue({ code: 'custom', message: error.message });
    return z.NEVER;
  }
});

/** What most file modules say about ownership. */
export const ownership = {
  mode: fileMode.optional().describe('Permissions: 0644 or u=rw,g=r,o=r. Absent: kept, and 0644 for a new file'),
  owner: z.string().min(1).optional().describe('User name or number that must own the file'),
  group: z.string().min(1).optional().describe('Group name or number'),
};

/** Of modules that bring a file: it may keep the mode it has where it comes from. */
export const placement = {
  ...ownership,
  mode: z
    .union([z.literal('preserve'), fileMode])
    .optional()
    .describe(
      'Permissions: 0644, u=rw,g=r,o=r, or preserve for those of the source. Absent: kept, and 0644 for a new file',
    ),
  follow: z
    .literal(true, { error: 'a link at dest is always followed here; to replace it, remove it first with file' })
    .optional()
    .describe('Where dest is a link, the file it leads to is written. Always so'),
};

/** Programs that check a new file before it is put in place. */
export const validate = z
  .string()
  .refine((text) => text.includes('%s'), { error: 'must name the new file with %s' })
  .optional()
  .describe('Command that must accept the new file, which replaces %s, before it is put in place');

export const backup = z.boolean().default(false).describe('Keep a copy of what is replaced, beside it');
