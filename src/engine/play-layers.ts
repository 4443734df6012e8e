import { NO_KEYWORDS } from '../language/playbook/keywords.ts';
import type { Play, RoleContext } from '../language/playbook/types.ts';
import type { RunContext } from './context.ts';
import { layersFor, type PlayLayers } from './host-variables.ts';
import { magicLayer } from './magic.ts';
import { layerOf, VariableScope } from './scope.ts';

export interface PlayHosts {
  readonly batch: readonly string[];
  readonly all: readonly string[];
  /** Hosts that ended early (`meta: end_host`); they are not the play's any more. */
  readonly ended: ReadonlySet<string>;
}

/** The layers a play adds to each host's variables, made once per host and role. */
export function playLayers(run: RunContext, play: Play, hosts: PlayHosts, prompted: Readonly<Record<string, unknown>>) {
  const cache = new Map<string, PlayLayers>();
  let cachedFor = run.inventory;
  const layersOf = (host: string, role: RoleContext | undefined): PlayLayers => {
    if (cachedFor !== run.inventory) cache.clear();
    cachedFor = run.inventory;
    const key = `${host}\0${role?.path ?? ''}\0${role?.parents.join(',') ?? ''}`;
    const known = cache.get(key);
    if (known) return known;
    const isLive = (name: string) => !run.lost.has(name) && !hosts.ended.has(name);
    const magic = magicLayer({
      run,
      play,
      host,
      role,
      batchHosts: () => hosts.batch.filter(isLive),
      playHosts: () => hosts.all.filter(isLive),
      allPlayHosts: hosts.all,
      hostvars: () => hostvars(),
      facts: () => run.variablesOf(host).facts,
    });
    const base: PlayLayers = {
      magic,
      extra: layerOf(run.settings.extraVars),
      prompted: layerOf(prompted, true),
      files: [],
      inventory: run.inventory.layersFor(host, play.directory),
    };
    const scope = new VariableScope(
      layersFor(run.variablesOf(host), play, base, { keywords: play.keywords, role }),
      run.compiler,
    );
    const layers = { ...base, files: run.varsFiles.load(play.varsFiles, play.directory, scope) };
    cache.set(key, layers);
    return layers;
  };
  const hostvars = (): Readonly<Record<string, unknown>> =>
    lazyObject(run.inventory.hosts.keys(), (host) => variablesOf(host));
  const variablesOf = (host: string): unknown => {
    // Ansible's hostvars know nothing of the play: not its vars, vars_files or roles.
    const { magic, extra, inventory } = layersOf(host, undefined);
    const layers = layersFor(
      run.variablesOf(host),
      { vars: {}, roles: [] },
      { magic, extra, inventory, prompted: layerOf({}), files: [] },
      { keywords: NO_KEYWORDS },
    );
    const scope = new VariableScope(layers, run.compiler);
    return lazyObject(new Set([...scope.names()].filter((name) => name !== 'hostvars')), (name) => scope.lookup(name));
  };
  return layersOf;
}

/** An object whose members are made when they are first looked at; templates see own members only. */
function lazyObject(names: Iterable<string>, make: (name: string) => unknown): Readonly<Record<string, unknown>> {
  const object: Record<string, unknown> = {};
  for (const name of names) {
    Object.defineProperty(object, name, {
      enumerable: true,
      configurable: true,
      get() {
        const value = make(name);
        Object.defineProperty(object, name, { value, enumerable: true });
        return value;
      },
    });
  }
  return object;
}
