import { filters } from './filters/all.ts';
import { tests } from './tests/all.ts';
import type { Environment, Lookup } from './types.ts';

/**
 * Every filter and test of Jinja2 and Ansible that tsplay knows, with the given lookups.
 * @param options.parseYaml - needed by `from_yaml`; must throw with a message for the user.
 */
export function standardEnvironment(
  lookups: ReadonlyMap<string, Lookup> = new Map(),
  options: { readonly parseYaml?: (text: string) => unknown } = {},
): Environment {
  return { filters, tests, lookups, ...options };
}
