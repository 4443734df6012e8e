import type { Ground, Need } from '../contract/footing.ts';
import { mountPoint, NO_DIRECTORY, NOT_EMPTY, READ_ONLY } from './refusal.ts';

/** What was found where a change needs something. */
export interface Found {
  readonly ground: Ground;
  /** Names in the directory, where the need is about them. */
  readonly names: readonly string[] | null;
}

/** Why the host would refuse what needs this, in the words of the refusal; undefined when nothing is known against it. */
export function missingFooting({ path, as }: Need, { ground, names }: Found): string | undefined {
  switch (as) {
    case 'writable-directory':
      if (ground.kind !== 'directory') return NO_DIRECTORY;
      if (ground.isReadOnly) return READ_ONLY;
      return ground.isWritable ? undefined : `${path} may not be written to by this user`;
    case 'writable-file-system':
      return ground.isReadOnly ? READ_ONLY : undefined;
    case 'replaceable':
      return ground.isMountPoint ? mountPoint(path) : undefined;
    case 'empty-directory':
      return names && names.length > 0 ? NOT_EMPTY : undefined;
    default:
      throw new TypeError(`no need is called ${as satisfies never}`);
  }
}
