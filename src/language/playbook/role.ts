import { laidTogether } from '../yaml/positions.ts';
import { basename, dirname, join, resolve } from 'node:path';
import { baseOf, idOf } from './base.ts';
import { complain, type LoadContext, type RoleUse, type Surroundings } from './context.ts';
import { inherit, readVars } from './keywords.ts';
import { displayPath, filesNamed, isDirectory, type ProjectFiles } from './project-files.ts';
import { dependenciesOf, readRoleMeta } from './role-meta.ts';
import { show, type Spot } from './spot.ts';
import { parseStatements } from './statements.ts';
import type { HandlerSection, Raw, RoleContext, RoleStatement, Statement } from './types.ts';

export interface RoleFinder {
  readonly files: ProjectFiles;
  /** Where to look after `roles/` beside the playbook. */
  readonly directories: readonly string[];
}

/** Reads one use of a role: its variables, then its dependencies, tasks and handlers, noting all of it for the play. */
export function loadRole(
  context: LoadContext,
  use: RoleUse,
  around: Surroundings,
  finder: RoleFinder,
): RoleStatement | undefined {
  const directory = findRole(context, use, around, finder);
  if (directory === undefined || isCycle(context, use, around, directory)) return undefined;
  const reader = new RoleReader(context, use, finder.files, directory);
  return reader.read(around);
}

function findRole(context: LoadContext, use: RoleUse, around: Surroundings, finder: RoleFinder): string | undefined {
  const places = placesFor(use.name, around, context, finder);
  const directory = places.find(isDirectory);
  const found = directory === undefined ? { kind: 'missing' as const } : finder.files.find([directory]);
  if (found.kind === 'found') return found.file;
  if (found.kind === 'outside') {
    complain(
      context,
      use.spot,
      `role ${show(use.name)} lies outside of the project: ${found.file}`,
      'add its directory to the role path',
    );
  } else {
    complain(
      context,
      use.spot,
      `there is no role ${show(use.name)}`,
      `looked for ${places.map(displayPath).join(', ')}`,
    );
  }
  return undefined;
}

/** A name with a slash is a path; one with dots may be `namespace.collection.role`, of which the last part counts. */
function placesFor(name: string, around: Surroundings, context: LoadContext, finder: RoleFinder): readonly string[] {
  const base = context.notes.directory;
  if (name.includes('/'))
    return [resolve(base, name), ...finder.directories.map((directory) => resolve(directory, name))];
  const beside = around.role ? [dirname(around.role.path)] : [];
  const parents = [join(base, 'roles'), ...finder.directories, ...beside, base];
  const names = [...new Set([name, name.split('.').at(-1) ?? name])];
  return [...new Set(names.flatMap((one) => parents.map((parent) => join(parent, one))))];
}

function isCycle(context: LoadContext, use: RoleUse, { trail }: Surroundings, directory: string): boolean {
  if (!trail.includes(directory)) return false;
  const circle = [...trail.slice(trail.indexOf(directory)), directory].map((path) => basename(path));
  complain(context, use.spot, `roles need each other in a circle: ${circle.join(' → ')}`);
  return true;
}

/** Holds what the steps of reading one role share. */
class RoleReader {
  readonly #context: LoadContext;
  readonly #use: RoleUse;
  readonly #files: ProjectFiles;
  readonly #directory: string;

  constructor(context: LoadContext, use: RoleUse, files: ProjectFiles, directory: string) {
    this.#context = context;
    this.#use = use;
    this.#files = files;
    this.#directory = directory;
  }

  read(around: Surroundings): RoleStatement {
    const use = this.#use;
    const role = this.#roleContext(around);
    const meta = readRoleMeta(this.#context, this.#document('meta', 'main'), use.spot.path);
    const keywords = inherit(around.keywords, use.own);
    const idPrefix = `${idOf(use.spot, around)}>`;
    const inside = { ...around, role, keywords, idPrefix, trail: [...around.trail, this.#directory] };
    const dependencies = this.#dependencies(meta, inside);
    const body = [...dependencies, ...this.#statements('tasks', inside)];
    const handlers = {
      role: role.name,
      statements: this.#statements('handlers', { ...inside, isHandler: true, notify: [] }),
    };
    const key = this.#key();
    this.#note(role, handlers, key);
    const allowDuplicates = use.allowDuplicates ?? meta.allowsDuplicates;
    return { ...baseOf(use.spot, around, keywords), kind: 'role', role, body, allowDuplicates, key, handlers };
  }

  /** A dependency sees the variables and parameters of the role that needs it, its own winning. */
  #roleContext(around: Surroundings): RoleContext {
    const { from, params, parents, vars } = this.#use;
    const needing = parents.length > 0 ? around.role : undefined;
    return {
      name: basename(this.#directory),
      path: this.#directory,
      defaults: this.#vars('defaults', from.defaults),
      vars: laidTogether([needing?.vars, this.#vars('vars', from.vars), vars]),
      params: laidTogether([needing?.params, params]),
      parents,
    };
  }

  #dependencies(meta: ReturnType<typeof readRoleMeta>, inside: Surroundings): readonly RoleStatement[] {
    const parents = [...this.#use.parents, basename(this.#directory)];
    return dependenciesOf(this.#context, meta, parents).flatMap((dependency) => {
      const use = { ...dependency, isPrivate: this.#use.isPrivate === true };
      return this.#context.sources.role(use, inside, this.#context) ?? [];
    });
  }

  /** Dependencies' notes come before this one's, as their handlers are defined first. */
  #note(role: RoleContext, handlers: HandlerSection, key: string): void {
    const { notes } = this.#context;
    if (!this.#use.isPrivate) notes.roles.push(role);
    if (!notes.roleKeys.has(key)) notes.handlers.push(handlers);
    notes.roleKeys.add(key);
  }

  #key(): string {
    const { own, params, from, vars } = this.#use;
    const conditions = own.when.map(({ expression }) => expression);
    return JSON.stringify([this.#directory, params, vars ?? {}, conditions, [...own.tags].sort(), from]);
  }

  #vars(folder: 'defaults' | 'vars', from: string | undefined): Readonly<Record<string, Raw>> {
    const files = this.#filesOf(folder, from);
    const layers = files.flatMap((file) => this.#files.document(file, this.#context.problems) ?? []);
    return laidTogether(layers.map((spot) => readVars(this.#context, spot)));
  }

  #statements(folder: 'tasks' | 'handlers', inside: Surroundings): readonly Statement[] {
    const spot = this.#document(folder, this.#use.from[folder]);
    const path = `${this.#use.spot.path}.${folder}`;
    const directory = join(this.#directory, folder);
    return spot ? parseStatements(this.#context, { ...spot, path }, { ...inside, directory }) : [];
  }

  #document(folder: 'tasks' | 'handlers' | 'meta', from: string | undefined): Spot | undefined {
    const [file] = this.#filesOf(folder, from);
    return file === undefined ? undefined : this.#files.document(file, this.#context.problems);
  }

  /** Only `main` may be absent: a name that was asked for must be there. */
  #filesOf(folder: string, from: string | undefined): readonly string[] {
    const stem = join(this.#directory, folder, (from ?? 'main').replace(/\.(ya?ml|json)$/, ''));
    const files = filesNamed(stem);
    const outside = files.find((file) => this.#files.find([file]).kind !== 'found');
    if (outside !== undefined) complain(this.#context, this.#use.spot, `${outside} lies outside of the project`);
    else if (files.length > 0) return files;
    else if (from !== undefined && from !== 'main') this.#complainMissing(folder, from, stem);
    return [];
  }

  #complainMissing(folder: string, from: string, stem: string): void {
    const message = `role ${show(this.#use.name)} has no ${folder} file ${show(from)}`;
    complain(this.#context, this.#use.spot, message, `looked for ${displayPath(stem)}.yml and .yaml`);
  }
}
