import { TaskError } from '../contract/task-error.ts';
import type { Inventory } from '../language/inventory/types.ts';
import { type Layer, layerOf } from './scope.ts';

/**
 * What the inventory says alike about all hosts of a play, for keywords of the play itself. Ansible sees nothing of the
 * inventory there; a limit such as `serial` that a site keeps in group_vars would be passed over without a word. For the
 * same reason a variable about which the hosts disagree is an error once a keyword asks for it.
 */
export function sharedLayers(
  inventory: Inventory,
  hosts: readonly string[],
  playbookDirectory: string | undefined,
): readonly Layer[] {
  const all = hosts.map((host) => ({ host, vars: variablesOf(inventory, host, playbookDirectory) }));
  const [first, ...others] = all;
  if (!first) return [];
  const isShared = ([name, value]: readonly [string, unknown]) =>
    others.every(({ vars }) => Object.hasOwn(vars, name) && vars[name] === value);
  const shared = Object.fromEntries(Object.entries(first.vars).filter(isShared));
  const disputed = new Set(all.flatMap(({ vars }) => Object.keys(vars)).filter((name) => !Object.hasOwn(shared, name)));
  return [layerOf(shared), disputedLayer(disputed, all)];
}

interface HostVars {
  readonly host: string;
  readonly vars: Readonly<Record<string, unknown>>;
}

function disputedLayer(names: ReadonlySet<string>, all: readonly HostVars[]): Layer {
  return {
    isData: true,
    has: (name) => names.has(name),
    get: (name) => {
      const said = all.slice(0, 3).map(({ host, vars }) => `${host}: ${JSON.stringify(vars[name]) ?? 'not set'}`);
      throw new TaskError(
        `a keyword of the play needs one value of ${name}, and its hosts disagree (${said.join(', ')}${all.length > 3 ? ', …' : ''}); set it in a group they all share, or with -e`,
      );
    },
    names: () => names,
  };
}

/** Not rendered, so that values of one group_vars file are the same objects for all its hosts. */
function variablesOf(
  inventory: Inventory,
  host: string,
  playbookDirectory: string | undefined,
): Readonly<Record<string, unknown>> {
  return Object.assign({}, ...inventory.layersFor(host, playbookDirectory).map(({ vars }) => vars));
}
