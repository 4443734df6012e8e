import type { Become } from '../contract/connection.ts';
import type { Task } from '../language/playbook/types.ts';
import { becomeFor, CONNECTION_VARIABLES, connectionTarget } from './connection-target.ts';
import type { HostLink } from './host-link.ts';
import type { HostRun } from './host-run.ts';
import { mayBeTemplate, type VariableScope } from './scope.ts';

/** Where a task runs, and as whom. */
export interface Reached {
  readonly link: HostLink;
  readonly become: Become | undefined;
}

/**
 * How one host is reached. The answer is the same for nearly all tasks of a host and takes some twenty look-ups of
 * variables that are not there, so it is kept where nothing about a task can change it. Mutable: it remembers.
 */
export class Connections {
  readonly #host: HostRun;
  readonly #known = new Map<string, Reached>();
  #version = -1;

  constructor(host: HostRun) {
    this.#host = host;
  }

  reach(task: Task, scope: VariableScope): Reached {
    const { name, run, variables } = this.#host;
    if (this.#version !== variables.connectionVersion) {
      this.#known.clear();
      this.#version = variables.connectionVersion;
    }
    const key = keyOf(task);
    const known = key === undefined ? undefined : this.#known.get(key);
    if (known) return known;
    const { keywords } = task;
    const delegate = keywords.delegateTo === undefined ? undefined : String(scope.render(keywords.delegateTo));
    const where = delegate === undefined ? scope : this.#host.scopeOf(delegate, task);
    const target = connectionTarget(delegate ?? name, where, keywords, run.settings.connection);
    const reached = { link: run.links.get(target), become: becomeFor(where, keywords, run.settings.connection) };
    if (key !== undefined && !restsOnTemplates(scope)) this.#known.set(key, reached);
    return reached;
  }
}

const keys = new WeakMap<Task, { readonly key: string | undefined }>();

/** What of a task decides how its host is reached; undefined when that can differ from one execution to the next. */
function keyOf(task: Task): string | undefined {
  const known = keys.get(task);
  if (known) return known.key;
  const key = makeKey(task);
  keys.set(task, { key });
  return key;
}

function makeKey({ keywords, role }: Task): string | undefined {
  const { connection, port, remoteUser, become, becomeUser, becomeMethod, becomeFlags, delegateTo } = keywords;
  const words = [connection, port, remoteUser, become, becomeUser, becomeMethod, becomeFlags];
  const named = [...keywords.vars.map((layer) => layer.vars), role?.params ?? {}].flatMap(Object.keys);
  const isOwn = named.some((name) => name.startsWith('ansible_'));
  const isDynamic = words.some((word) => typeof word === 'string' && mayBeTemplate(word));
  return delegateTo !== undefined || isOwn || isDynamic ? undefined : JSON.stringify([role?.path, words]);
}

/** A connection variable that is a template may rest on anything. */
function restsOnTemplates(scope: VariableScope): boolean {
  return CONNECTION_VARIABLES.some((name) => {
    const raw = scope.raw(name);
    return raw !== undefined && !raw.isData && typeof raw.value === 'string' && mayBeTemplate(raw.value);
  });
}
