import { dirname, isAbsolute, resolve } from 'node:path';
import {
  complain,
  type LoadContext,
  type PlayNotes,
  type RoleUse,
  type Sources,
  type Surroundings,
} from './context.ts';
import { readParts } from './import.ts';
import { inherit, NO_KEYWORDS, readVars } from './keywords.ts';
import { displayPath, isDirectory, type ProjectFiles } from './project-files.ts';
import { loadRole } from './role.ts';
import { show, type Spot } from './spot.ts';
import { parseStatements } from './statements.ts';
import type { Include, Keywords, Raw, RoleStatement, Statement } from './types.ts';

/** Files of tasks and roles, as statements ask for them. */
export class ProjectSources implements Sources {
  readonly #files: ProjectFiles;
  readonly #roleDirectories: readonly string[];

  constructor(files: ProjectFiles, roleDirectories: readonly string[]) {
    this.#files = files;
    this.#roleDirectories = roleDirectories;
  }

  tasks(name: Spot, around: Surroundings, context: LoadContext): readonly Statement[] {
    const places = placesFor(String(name.value), around, context);
    const found = this.#files.find(places);
    if (found.kind !== 'found') {
      complainFile(context, name, found.kind === 'outside' ? found.file : undefined, places);
      return [];
    }
    if (isDirectory(found.file)) {
      complain(context, name, `${displayPath(found.file)} is a directory, not a file of tasks`);
      return [];
    }
    if (around.trail.includes(found.file)) {
      complain(
        context,
        name,
        `${displayPath(found.file)} imports itself`,
        'use include_tasks with a `when` that ends it',
      );
      return [];
    }
    const spot = this.#files.document(found.file, context.problems);
    const inside = { ...around, directory: dirname(found.file), trail: [...around.trail, found.file] };
    return spot ? parseStatements(context, { ...spot, path: name.path }, inside) : [];
  }

  role(use: RoleUse, around: Surroundings, context: LoadContext): RoleStatement | undefined {
    return loadRole(context, use, around, { files: this.#files, directories: this.#roleDirectories });
  }

  vars(places: readonly string[], name: Spot, context: LoadContext): Readonly<Record<string, Raw>> {
    // Secrets often lie in /etc by design, and a play that says so in full hides nothing.
    if (isAbsolute(String(name.value))) this.#files.allow(String(name.value));
    const found = this.#files.find(places);
    if (found.kind !== 'found') {
      complainFile(context, name, found.kind === 'outside' ? found.file : undefined, places);
      return {};
    }
    if (isDirectory(found.file)) {
      complain(context, name, `${displayPath(found.file)} is a directory, not a file of variables`);
      return {};
    }
    const spot = this.#files.document(found.file, context.problems);
    return spot ? readVars(context, spot) : {};
  }

  checkInclude(include: Include, around: Surroundings, context: LoadContext): void {
    const { notes } = context;
    const seen = JSON.stringify([include.what, include.target, include.options, around.directory, around.role?.path]);
    if (notes.includesSeen.has(seen)) return;
    notes.includesSeen.add(seen);
    const later: PlayNotes = { ...notes, roles: [], handlers: notes.lateHandlers, roleKeys: new Set() };
    this.#look(include, { ...around, keywords: keywordsInside(include), trail: [] }, { ...context, notes: later });
    if (later.hasUnknownHandlers) notes.hasUnknownHandlers = true;
  }

  #look(include: Include, around: Surroundings, context: LoadContext): void {
    if (include.what === 'role') this.includedRole(include, String(include.target), around, context);
    else if (isConditional(include) && this.#isMissing(include, around, context)) warnMissing(context, include);
    else this.includedTasks(include, String(include.target), around, context);
  }

  #isMissing(include: Include, around: Surroundings, context: LoadContext): boolean {
    return this.#files.find(placesFor(String(include.target), around, context)).kind === 'missing';
  }

  /** `around.keywords` are those the included statements inherit. */
  includedTasks(include: Include, file: string, around: Surroundings, context: LoadContext): readonly Statement[] {
    return this.tasks(spotOf(include, file, 'include_tasks'), { ...around, ...placeOf(include) }, context);
  }

  /** As {@link ProjectSources.includedTasks}. */
  includedRole(include: Include, name: string, around: Surroundings, context: LoadContext): RoleStatement | undefined {
    const spot = spotOf(include, name, 'include_role');
    const options: Spot = { ...spot, value: include.options };
    const use: RoleUse = {
      name: name.trim(),
      spot,
      params: include.ownVars,
      own: NO_KEYWORDS,
      from: readParts(options),
      allowDuplicates: include.options.allow_duplicates !== false,
      isPrivate: include.options.public !== true,
      parents: [],
    };
    return this.role(use, { ...around, ...placeOf(include) }, context);
  }
}

/** An include's own keywords only gate it; what is around it, its variables and `apply` reach the included statements. */
function keywordsInside(include: Include): Keywords {
  const own: Keywords = { ...NO_KEYWORDS, vars: include.what === 'tasks' ? ownLayer(include) : [] };
  return inherit(inherit(include.around, own), include.apply);
}

function placeOf({ directory, id }: Include): Pick<Surroundings, 'directory' | 'idPrefix'> {
  return { directory, idPrefix: `${id}>` };
}

function ownLayer({ ownVars, position }: Include): Keywords['vars'] {
  return Object.keys(ownVars).length > 0 ? [{ vars: ownVars, source: `${position.file}:${position.line}` }] : [];
}

function spotOf(include: Include, value: string, keyword: string): Spot {
  return { value, position: include.position, path: `${include.path}.${keyword}` };
}

function isConditional(include: Include): boolean {
  return include.keywords.when.length > 0 || include.loop !== undefined;
}

function warnMissing(context: LoadContext, { position, path, target }: Include): void {
  const hint = 'its condition may keep it from being read';
  context.problems.warn(`there is no file ${show(target)}`, { position, path: `${path}.include_tasks`, hint });
}

function placesFor(name: string, around: Surroundings, context: LoadContext): readonly string[] {
  const { role, directory } = around;
  const roleDirectories = role ? [resolve(role.path, around.isHandler ? 'handlers' : 'tasks'), role.path] : [];
  const directories = [directory, ...roleDirectories, context.notes.directory];
  return [...new Set(directories.map((one) => resolve(one, name.trim())))];
}

function complainFile(context: LoadContext, spot: Spot, outside: string | undefined, places: readonly string[]): void {
  if (outside === undefined) {
    complain(context, spot, `there is no file ${show(spot.value)}`, `looked for ${places.map(displayPath).join(', ')}`);
  } else complain(context, spot, `${outside} lies outside of the project`, 'move it into the project');
}
