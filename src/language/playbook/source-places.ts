import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import type { RoleContext } from './types.ts';

export interface FilePlaces {
  readonly role?: RoleContext;
  /** The playbook's directory. */
  readonly directory: string;
}

/** Where Ansible looks for a controller file: the role first, then the playbook; in the kind's own folder first. */
export function candidates(src: string, folder: string, { role, directory }: FilePlaces): readonly string[] {
  const path = src.replace(/^~(?=\/|$)/, homedir());
  if (isAbsolute(path)) return [path];
  const roots = [...(role ? [role.path] : []), directory];
  const inRole = role ? [join(role.path, 'tasks', path)] : [];
  return [...roots.flatMap((root) => [join(root, folder, path), join(root, path)]), ...inRole].map((candidate) =>
    resolve(candidate),
  );
}
