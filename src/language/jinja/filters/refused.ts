import type { Filter } from '../types.ts';
import { ValueFault } from '../values.ts';

/** Known to Ansible's users, but not done here: each says what to use instead. */
const REASONS: Readonly<Record<string, string>> = {
  json_query: 'is not supported: use selectattr, map(attribute=…) and first',
  password_hash: 'is not supported: hash the password once and keep the hash in a vault',
  expandvars: 'is not supported: the environment of the controller is not part of a template; use lookup("env", …)',
  realpath: 'is not supported: a template does not read the files of the controller',
  fileglob: 'is not supported: use lookup("fileglob", …)',
  shuffle: 'is not supported: two renderings of a template must agree',
};

export const refusedFilters: Readonly<Record<string, Filter>> = Object.fromEntries(
  Object.entries(REASONS).map(([name, reason]) => [
    name,
    () => {
      throw new ValueFault(reason);
    },
  ]),
);
