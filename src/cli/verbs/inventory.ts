import { VariableScope, layerOf } from '../../engine/scope.ts';
import { EXIT } from '../../engine/run.ts';
import { matchHosts } from '../../language/inventory/patterns.ts';
import { suggest } from '../../language/suggest.ts';
import { type Composition, compose } from '../compose.ts';
import type { PlayOptions } from '../options.ts';
import { showProblems } from '../problems.ts';

interface InventoryOptions extends PlayOptions {
  readonly list?: boolean;
  readonly host?: string;
  readonly graph?: boolean;
}

/** `tsplay inventory`. */
export async function inventory(pattern: string, options: InventoryOptions): Promise<number> {
  const composition = await compose(options);
  if (!composition.problems.hasErrors) checkNames(composition, pattern, options.host);
  showProblems(composition.problems, composition.secrets);
  if (composition.problems.hasErrors) return EXIT.invalid;
  if (options.host !== undefined) return print(composition, variablesOf(composition, options.host));
  if (options.list) return print(composition, listOf(composition, pattern));
  graph(composition, pattern);
  return 0;
}

/** What is asked for and is not there; without hosts at all `all` is not there either, and that is no mistake. */
function checkNames({ inventory: known, problems }: Composition, pattern: string, host: string | undefined): void {
  if (host !== undefined && !known.hosts.has(host)) {
    const similar = suggest(host, known.hosts.keys());
    const place = similar === undefined ? {} : { hint: `did you mean ${similar}?` };
    problems.error(`there is no host ${host || '""'} in the inventory`, place);
  } else if (matchHosts(pattern, known, problems).length === 0 && pattern !== 'all')
    problems.error(`${pattern || '""'} matches no host`);
}

function print({ secrets }: Composition, value: unknown): number {
  console.log(secrets.mask(JSON.stringify(value, null, 2)));
  return 0;
}

function variablesOf(
  { inventory: hosts, compiler, extra }: Composition,
  host: string,
): Readonly<Record<string, unknown>> {
  const layers = [
    layerOf(extra),
    ...hosts
      .layersFor(host, undefined)
      .toReversed()
      .map((layer) => layerOf(layer.vars)),
  ];
  const scope = new VariableScope(layers, compiler);
  return Object.fromEntries(
    [...new Set(scope.names())].toSorted().map((name) => [name, attempt(() => scope.lookup(name))]),
  );
}

/** A variable may rest on facts that only a run has. */
function attempt(value: () => unknown): unknown {
  try {
    return value();
  } catch (error) {
    return `(not known before a run: ${error instanceof Error ? error.message : String(error)})`;
  }
}

function listOf(composition: Composition, pattern: string): Readonly<Record<string, unknown>> {
  const hosts = matchHosts(pattern, composition.inventory);
  const hostvars = Object.fromEntries(hosts.map((host) => [host, variablesOf(composition, host)]));
  const groups = [...composition.inventory.groups].map(
    ([name, group]) => [name, { hosts: group.hosts, children: group.children }] as const,
  );
  return { _meta: { hostvars }, ...Object.fromEntries(groups) };
}

/** The tree of the groups that hold a host of the pattern, with only those hosts. */
function graph({ inventory: known }: Composition, pattern: string): void {
  const { groups } = known;
  const wanted = new Set(matchHosts(pattern, known));
  const isShown = (name: string) => pattern === 'all' || groups.get(name)?.hosts.some((host) => wanted.has(host));
  const show = (name: string, depth: number) => {
    const group = groups.get(name);
    if (!group) return;
    console.log(`${'  '.repeat(depth)}@${name}`);
    for (const child of group.children.filter(isShown)) show(child, depth + 1);
    const inChildren = new Set(group.children.flatMap((child) => groups.get(child)?.hosts ?? []));
    for (const host of group.hosts.filter((member) => wanted.has(member) && !inChildren.has(member)))
      console.log(`${'  '.repeat(depth + 1)}${host}`);
  };
  show(groups.has(pattern) ? pattern : 'all', 0);
}
