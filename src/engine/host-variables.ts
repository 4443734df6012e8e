import type { RankedLayer } from '../language/inventory/types.ts';
import type { Play, RoleContext, Task, VarsLayer } from '../language/playbook/types.ts';
import { laidTogether } from '../language/yaml/positions.ts';
import { type Layer, layerOf, mapLayer } from './scope.ts';

/** Names a host must never set about itself: how it is reached and who we become there (a host's facts are data). */
const CONNECTION_NAME =
  /^ansible_(host|port|user|password|connection|become.*|ssh_.*|private_key_file|python_interpreter|shell_.*|check_mode|diff_mode|play.*|facts|version|run_tags|skip_tags|limit|forks|search_path|role_.*|parent_role_names)$/;

/** What one host has learnt in this run; lives across plays. Mutable: registered results, set facts and facts are added. */
export class HostVariables {
  readonly #registered = new Map<string, unknown>();
  readonly #factValues = new Map<string, unknown>();
  #facts: Record<string, unknown> = {};
  #included: Record<string, unknown> = {};
  /** Names whose value check mode cannot know. */
  readonly unknown = new Set<string>();
  /** Results of commands that check mode left out: what they would have printed is missing. */
  readonly unrun = new Set<string>();

  /** Grows when something was learnt that may alter how the host is reached. */
  connectionVersion = 0;

  /** Grows when anything was learnt. */
  version = 0;

  register(name: string, value: unknown): void {
    this.version += 1;
    if (name.startsWith('ansible_')) this.connectionVersion += 1;
    this.#registered.set(name, value);
    this.unknown.delete(name);
    this.unrun.delete(name);
  }

  /** A task that would have run registers nothing that may be believed. */
  registerUnknown(name: string): void {
    this.version += 1;
    this.#registered.delete(name);
    this.unknown.add(name);
    this.unrun.delete(name);
  }

  include(vars: Readonly<Record<string, unknown>>): void {
    this.version += 1;
    this.connectionVersion += 1;
    this.#included = { ...this.#included, ...vars };
  }

  /** Facts are reachable as `ansible_facts.x` and, when they do not pretend to be connection settings, by their own name. */
  addFacts(facts: Readonly<Record<string, unknown>>): void {
    this.version += 1;
    for (const [name, value] of Object.entries(facts)) {
      const short = name.replace(/^ansible_/, '');
      this.#facts = { ...this.#facts, [short]: value };
      const injected = name === short ? short : name;
      if (!CONNECTION_NAME.test(injected)) this.#factValues.set(injected, value);
    }
  }

  clearFacts(): void {
    this.version += 1;
    this.#facts = {};
    this.#factValues.clear();
  }

  get facts(): Readonly<Record<string, unknown>> {
    return this.#facts;
  }

  /** Registered results and set facts. */
  readonly learnt: Layer = mapLayer(this.#registered);

  get included(): Layer {
    return layerOf(this.#included);
  }

  readonly injectedFacts: Layer = mapLayer(this.#factValues);
}

/**
 * What templates name without anybody having set it. The text is Ansible's own, so that files it wrote stay as they are;
 * whoever sets the variable gets theirs, as since ansible-core 2.19.
 */
const BUILT_IN: Layer = layerOf({ ansible_managed: 'Ansible managed' }, true);

/** The parts of Ansible's order of precedence that do not change while a play runs on a host. */
export interface PlayLayers {
  readonly magic: Layer;
  readonly extra: Layer;
  readonly prompted: Layer;
  readonly files: readonly VarsLayer[];
  readonly inventory: readonly RankedLayer[];
}

type Stated = { readonly keywords: Task['keywords']; readonly role?: RoleContext };

/** Highest precedence first: levels 22 to 2 of ansible-semantics 1f, magic variables above all. */
export function layersFor(
  host: HostVariables,
  play: Pick<Play, 'vars' | 'roles'>,
  layers: PlayLayers,
  statement: Stated,
): readonly Layer[] {
  const { keywords, role } = statement;
  const own = settledLayers(layers, play, role);
  const { upper, lower } = own;
  const { included } = host;
  if (keywords.vars.length === 0 && own.plain?.included === included) return own.plain.layers;
  const written = keywords.vars.toReversed();
  const all = [
    layers.magic,
    layers.extra,
    ...written.filter((layer) => layer.isParameter).map((layer) => layerOf(layer.vars)),
    ...(role ? [layerOf(role.params)] : []),
    host.learnt,
    included,
    ...written.filter((layer) => !layer.isParameter).map((layer) => layerOf(layer.vars)),
    ...upper,
    host.injectedFacts,
    ...lower,
  ];
  if (keywords.vars.length === 0) own.plain = { included, layers: all };
  return all;
}

/** Layers that are the same for every task of a role on a host, laid on top of each other once. */
interface SettledLayers {
  /** What they were made from. */
  readonly play: Pick<Play, 'vars' | 'roles'>;
  /** Above facts: role vars, vars_files, prompts, play vars. */
  readonly upper: readonly Layer[];
  /** Below facts: inventory and role defaults. */
  readonly lower: readonly Layer[];
  /** All layers of a task that brings none of its own, as long as no variables were included since. */
  plain?: { readonly included: Layer; readonly layers: readonly Layer[] };
}

const settled = new WeakMap<PlayLayers, Map<RoleContext | undefined, SettledLayers>>();

function settledLayers(
  layers: PlayLayers,
  play: Pick<Play, 'vars' | 'roles'>,
  role: RoleContext | undefined,
): SettledLayers {
  const byRole = settled.get(layers) ?? new Map<RoleContext | undefined, SettledLayers>();
  settled.set(layers, byRole);
  const known = byRole.get(role);
  if (known && known.play.roles === play.roles && known.play.vars === play.vars) return known;
  const above = [...roleVars(role, play, 'vars'), ...layers.files.toReversed().map((layer) => layer.vars)];
  const below = [...layers.inventory.toReversed().map((layer) => layer.vars), ...roleVars(role, play, 'defaults')];
  const upper = [merged(above), layers.prompted, layerOf(play.vars)];
  const lower = [merged(below), BUILT_IN];
  const made: SettledLayers = { play: { vars: play.vars, roles: play.roles }, upper, lower };
  byRole.set(role, made);
  return made;
}

/** One layer out of several, the first one winning. */
function merged(records: readonly Readonly<Record<string, unknown>>[]): Layer {
  return layerOf(laidTogether(records.toReversed()));
}

/** A role's own variables first, then those of the play's roles, the last one winning. */
function roleVars(
  role: RoleContext | undefined,
  play: Pick<Play, 'roles'>,
  part: 'vars' | 'defaults',
): readonly Readonly<Record<string, unknown>>[] {
  const others = play.roles.toReversed().filter((other) => other !== role);
  return [...(role ? [role] : []), ...others].map((context) => context[part]);
}
