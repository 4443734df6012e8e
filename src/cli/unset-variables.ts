import { existsSync, readFileSync } from 'node:fs';
import { freeNames } from '../engine/dependencies.ts';
import { asTaskWithTarget } from '../engine/progress.ts';
import { layerOf, VariableScope } from '../engine/scope.ts';
import { VarsFiles } from '../engine/vars-files.ts';
import { candidates } from '../language/playbook/source-places.ts';
import { isTemplate } from '../language/playbook/template-text.ts';
import type { PlaybookLoader } from '../language/playbook/loader.ts';
import type { Include, Play, Playbook, Raw, Statement, Task } from '../language/playbook/types.ts';
import { walk } from '../language/playbook/walk.ts';
import { suggest } from '../language/suggest.ts';
import type { Composition } from './compose.ts';
import { hostsOf } from './taking-part.ts';

type Vars = Readonly<Record<string, Raw>>;

/** What a run sets of itself: magic variables, and what a loop's tasks see. */
const GIVEN =
  /^(ansible_.*|inventory_(hostname|hostname_short|dir|file)|group_names|groups|hostvars|play_hosts|playbook_dir|role_(name|names|path)|omit|vars|environment|item|template_(path|host|uid|fullpath|run_date|destpath|mtime))$/;

/**
 * Warns of variables that tasks name and nobody sets anywhere: neither the inventory, for any host, nor the playbooks.
 * Only where all that could set one can be read before the run; a name that is tested or has a default is no mistake.
 * Not for some hosts only: what the others set may be all that a task they share names.
 */
export function checkVariables(playbooks: readonly Playbook[], loader: PlaybookLoader, composition: Composition): void {
  if (composition.problems.hasErrors) return;
  const plays = playbooks.flatMap((playbook) => playbook.plays);
  const read = plays.map((play) => ({ play, statements: statementsOf(play, loader) }));
  const known = knownNames(read, loader, composition);
  if (known === undefined) return;
  const excused = new Set<string>();
  excuse([...known.values()].flatMap(textsOf), excused);
  // Where a play has no hosts here, nobody's group_vars are known, and nothing will run.
  const used = read
    .filter(({ play }) => hostsOf(play, composition.inventory, undefined).length > 0)
    .flatMap(({ play, statements = [] }) =>
      statements.flatMap((statement) => usesOf(statement, play, composition, excused)),
    );
  const seen = new Set<string>();
  for (const { name, statement } of used) follow([name], { seen, known, excused, statement, composition });
}

interface Walk {
  readonly seen: Set<string>;
  readonly known: Known;
  readonly excused: Set<string>;
  readonly statement: Statement;
  readonly composition: Composition;
}

/** Looks at a name, and at those in the templates it stands for. The last of the names is the one looked at. */
function follow(names: readonly string[], walking: Walk): void {
  const { seen, known, excused, composition } = walking;
  const name = names.at(-1) ?? '';
  if (seen.has(name) || GIVEN.test(name)) return;
  seen.add(name);
  const values = known.get(name);
  if (values === undefined && !excused.has(name)) reportUnset(name, walking);
  for (const inner of namesIn(values ?? [], composition)) {
    const circle = names.slice(names.indexOf(inner));
    // Where a name is set twice, which value counts is known only for each host.
    if (names.includes(inner) && circle.every((one) => known.get(one)?.length === 1))
      reportCircle([...circle, inner], walking);
    else follow([...names, inner], walking);
  }
}

function namesIn(values: readonly Raw[], { compiler }: Composition): ReadonlySet<string> {
  const names = new Set<string>();
  for (const text of textsOf(values).filter(isTemplate)) {
    try {
      for (const name of compiler.template(text).names) names.add(name);
    } catch {
      // What stands in an inventory is compiled when it is used, and may never be.
    }
  }
  return names;
}

function reportUnset(name: string, { statement: { position, path }, known, composition }: Walk): void {
  const similar = suggest(name, known.keys());
  const hint = similar === undefined ? 'set it, or give it with -e' : `did you mean ${similar}?`;
  composition.problems.warn(`the variable ${name} is set nowhere`, { position, path, hint });
}

function reportCircle(circle: readonly string[], { statement: { position, path }, composition }: Walk): void {
  composition.problems.warn(`variables refer to each other in a circle: ${circle.join(' -> ')}`, { position, path });
}

/** All names that anything sets, with the values that are known before the run. */
type Known = ReadonlyMap<string, readonly Raw[]>;

interface Read {
  readonly play: Play;
  /** Undefined where what is included is known only while running. */
  readonly statements: readonly Statement[] | undefined;
}

/** Every statement of a play, handlers and what it includes among them. */
function statementsOf(play: Play, loader: PlaybookLoader): readonly Statement[] | undefined {
  const handlers = play.handlers.flatMap(({ statements }) => statements);
  const found = [...play.sections.flatMap(({ statements }) => statements), ...handlers].flatMap((one) => [
    ...walk([one]),
  ]);
  const seen = new Set<string>();
  // What is included comes behind, and is walked in its turn.
  for (const statement of found) {
    if (statement.kind !== 'include') continue;
    const key = JSON.stringify([statement.what, statement.target, statement.directory, statement.options]);
    if (seen.has(key)) continue;
    seen.add(key);
    const inside = includedBy(statement, loader);
    if (inside === undefined) return undefined;
    found.push(...walk(inside));
  }
  return found;
}

function includedBy(include: Include, loader: PlaybookLoader): readonly Statement[] | undefined {
  const words = [include.target, ...Object.values(include.options)];
  if (words.some(isTemplate)) return undefined;
  try {
    const target = String(include.target);
    // As while running, since what was read is kept for then: an include's own keywords only gate it.
    const keywords = { ...include.apply, vars: [...include.keywords.vars, ...include.apply.vars] };
    if (include.what === 'tasks') return loader.includeTasks(target, include, keywords);
    const { statement, handlers } = loader.includeRole(target, include, keywords);
    return [statement, ...handlers.statements];
  } catch {
    return undefined;
  }
}

/** Undefined where it cannot be known. */
function knownNames(read: readonly Read[], loader: PlaybookLoader, composition: Composition): Known | undefined {
  const layers = new Set<Vars>([composition.extra]);
  const names: string[] = [];
  for (const { play, statements } of read) {
    const files = varsFilesOf(play, loader, composition);
    const learnt = statements?.map(namesLearntBy);
    if (statements === undefined || files === undefined || !learnt?.every((one) => one !== undefined)) return undefined;
    for (const vars of [play.vars, ...files, ...statements.flatMap(varsOf)]) layers.add(vars);
    for (const host of hostsOf(play, composition.inventory, undefined))
      for (const { vars } of composition.inventory.layersFor(host, play.directory)) layers.add(vars);
    names.push(...play.varsPrompt.map(({ name }) => name), ...learnt.flat());
  }
  const known = new Map<string, Raw[]>(names.map((name) => [name, [undefined]]));
  for (const [name, value] of [...layers].flatMap(Object.entries<Raw>)) {
    const values = known.get(name);
    if (values) values.push(value);
    else known.set(name, [value]);
  }
  return known;
}

function varsFilesOf({ varsFiles, directory, vars }: Play, loader: PlaybookLoader, composition: Composition) {
  const { compiler, extra, vault } = composition;
  try {
    const files = new VarsFiles((text) => vault.decrypt(text), loader);
    const layers = files.load(varsFiles, directory, new VariableScope([layerOf(extra), layerOf(vars)], compiler));
    return layers.map((layer) => layer.vars);
  } catch {
    return undefined;
  }
}

function varsOf(statement: Statement): readonly Vars[] {
  const { keywords, role } = statement;
  const own = statement.kind === 'include' ? [statement.ownVars] : [];
  const ofRole = role ? [role.vars, role.defaults, role.params] : [];
  return [...keywords.vars.map(({ vars }) => vars), ...own, ...ofRole];
}

/** What a statement registers, loops with, and sets while running; undefined where only the run can tell. */
function namesLearntBy(statement: Statement): readonly string[] | undefined {
  if (statement.kind !== 'task' && statement.kind !== 'include') return [];
  const { register, loop } = statement;
  const own = [register, loop?.variable, loop?.indexVariable].filter((name) => name !== undefined);
  const facts = statement.kind === 'task' ? factsOf(statement) : [];
  return facts && [...own, ...facts];
}

const GIVES_OTHER_FACTS = ['pci-facts', 'include_vars'];

function factsOf({ module, args }: Task): readonly string[] | undefined {
  if (GIVES_OTHER_FACTS.includes(module)) return undefined;
  if (module !== 'set_fact' && module !== 'add_host') return [];
  return Object.keys(args).some(isTemplate) ? undefined : Object.keys(args);
}

interface Use {
  readonly name: string;
  readonly statement: Statement;
}

function usesOf(
  statement: Statement,
  play: Play,
  { compiler, registry }: Composition,
  excused: Set<string>,
): readonly Use[] {
  if (statement.kind !== 'task' && statement.kind !== 'include') return [];
  const task = statement.kind === 'task' ? statement : asTaskWithTarget(statement);
  const names = new Set(freeNames(task, compiler, registry));
  excuse(textsOf([task.args, task.loop?.over, task.keywords, task.until, task.changedWhen, task.failedWhen]), excused);
  const text = templateTextOf(statement, play);
  if (text !== undefined) {
    excuse([text], excused);
    for (const name of compiler.template(text).names) names.add(name);
  }
  return [...names].map((name) => ({ name, statement }));
}

function templateTextOf(statement: Statement, { directory }: Play): string | undefined {
  if (statement.kind !== 'task' || statement.module !== 'template') return undefined;
  const { args, role } = statement;
  if (typeof args.src !== 'string' || isTemplate(args.src)) return undefined;
  const file = candidates(args.src, 'templates', { directory, ...(role ? { role } : {}) }).find((one) =>
    existsSync(one),
  );
  return file === undefined ? undefined : readFileSync(file, 'utf8');
}

/** `x | default(…)`, `x.y | d(…)`, `x is defined`: whoever writes so knows that it may not be there. */
const TESTED =
  /\b([A-Za-z_]\w*)(?:\.\w+|\[[^\]]*\])*\s*\)*\s*(?:\|\s*(?:default|d)\b|is\s+(?:not\s+)?(?:un)?defined\b)/g;

function excuse(texts: readonly string[], excused: Set<string>): void {
  for (const text of texts) for (const [, name = ''] of text.matchAll(TESTED)) excused.add(name);
}

function textsOf(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(textsOf);
}
