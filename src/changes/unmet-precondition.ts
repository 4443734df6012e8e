import type { PathAccess, Precondition } from '../contract/precondition.ts';
import { mountPoint, NO_DIRECTORY, NOT_EMPTY, READ_ONLY } from './refusal.ts';

/** What was found where a change needs something. */
export interface Found {
  readonly access: PathAccess;
  /** Names in the directory, where the precondition is about them. */
  readonly names: readonly string[] | null;
}

/** Why the host would refuse what needs this, in the words of the refusal; undefined when nothing is known against it. */
export function unmetPrecondition({ path, as }: Precondition, { access, names }: Found): string | undefined {
  switch (as) {
    case 'writable-directory':
      if (access.kind !== 'directory') return NO_DIRECTORY;
      if (access.isReadOnly) return READ_ONLY;
      return access.isWritable ? undefined : `${path} may not be written to by this user`;
    case 'writable-file-system':
      return access.isReadOnly ? READ_ONLY : undefined;
    case 'replaceable':
      return access.isMountPoint ? mountPoint(path) : undefined;
    case 'empty-directory':
      return names && names.length > 0 ? NOT_EMPTY : undefined;
    default:
      throw new TypeError(`no precondition is called ${as satisfies never}`);
  }
}
