import { basename, dirname, resolve } from 'node:path';
import { formatProblem, type Problem, Problems } from '../../contract/problem.ts';
import { TaskError } from '../../contract/task-error.ts';
import type { LoadContext, ModuleLookup, PlayNotes, Surroundings, TemplateCompiler } from './context.ts';
import { inherit, NO_KEYWORDS } from './keywords.ts';
import { freshNotes, NOT_IMPORTED, readPlaybook, inOrder } from './playbook.ts';
import { type Decrypt, displayPath, ProjectFiles, projectRoot } from './project-files.ts';
import { ProjectSources } from './sources.ts';
import { handlerSectionsOf } from './walk.ts';
import type {
  HandlerSection,
  Include,
  Keywords,
  Play,
  Playbook,
  Raw,
  RoleContext,
  RoleStatement,
  Statement,
} from './types.ts';

export interface LoaderOptions {
  /** Receives everything that is wrong with a playbook, each problem once. */
  readonly problems: Problems;
  readonly modules: ModuleLookup;
  /** Where roles are looked for after `roles/` beside the playbook. */
  readonly roleDirectories: readonly string[];
  readonly compiler: TemplateCompiler;
  readonly decrypt?: Decrypt;
}

/** What surrounds statements that are loaded while running. */
export interface LoadParent {
  readonly keywords: Keywords;
  readonly role?: RoleContext;
  readonly path: string;
  /** Where relative names are looked for; the role's tasks otherwise. */
  readonly directory?: string;
  /** Id of the including statement, with which the ids of the loaded ones start. */
  readonly id?: string;
  /** Topics of an including handler: what it includes are handlers then. */
  readonly listen?: readonly string[];
}

export interface RoleRequest {
  readonly tasksFrom?: string;
  readonly varsFrom?: string;
  readonly defaultsFrom?: string;
  readonly handlersFrom?: string;
  readonly params: Readonly<Record<string, Raw>>;
  readonly keywords: Keywords;
  readonly parents: readonly string[];
  readonly allowDuplicates?: boolean;
}

export interface LoadedRole {
  readonly statement: RoleStatement;
  /** The role's handlers, after those of its dependencies. */
  readonly handlers: HandlerSection;
}

/** A file or role asked for while running cannot be used; a failure of the task that asked. */
export class LoadError extends TaskError {
  override name = 'LoadError';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(formatProblem).join('; '));
    this.problems = problems;
  }
}

const REMEMBERED_PER_INCLUDE = 500;

/** Reads playbooks, and the files and roles they include while running. Owns the cache of files read. */
export class PlaybookLoader {
  readonly #options: LoaderOptions;
  readonly #files: ProjectFiles;
  readonly #sources: ProjectSources;
  readonly #included = new WeakMap<Include, Map<string, readonly Statement[]>>();
  #directory = process.cwd();

  constructor(options: LoaderOptions) {
    this.#options = options;
    this.#files = new ProjectFiles(options.decrypt);
    this.#sources = new ProjectSources(this.#files, options.roleDirectories);
  }

  /**
   * Everything about a playbook that can be known without a host, imports expanded. All mistakes go to the loader's
   * problems: look at `hasErrors` before running what is returned. `undefined` when the file cannot be read at all.
   */
  load(file: string): Playbook | undefined {
    const problems = new Problems();
    const path = resolve(file);
    this.#directory = dirname(path);
    for (const directory of [projectRoot(path), ...this.#options.roleDirectories]) this.#files.allow(directory);
    const plays = this.#readPlays(path, problems);
    this.#options.problems.list.push(...inOrder(problems));
    return plays && { file, plays };
  }

  #readPlays(file: string, problems: Problems): readonly Play[] | undefined {
    const { modules, compiler } = this.#options;
    const shared = { problems, modules, compiler, sources: this.#sources };
    return readPlaybook(shared, this.#files, { file, path: '', imported: NOT_IMPORTED, trail: [file] });
  }

  /**
   * The statements of a file of tasks, while running.
   *
   * @throws {LoadError}
   */
  loadTasks(file: string, parent: LoadParent): readonly Statement[] {
    const around = this.#surroundings(parent);
    const spot = { value: file, position: unknownPlace(file), path: parent.path };
    return this.#collect(this.#directory, (context) => this.#sources.tasks(spot, around, context));
  }

  /**
   * A role with its dependencies, while running.
   *
   * @throws {LoadError}
   */
  loadRole(name: string, request: RoleRequest): LoadedRole {
    const { tasksFrom, varsFrom, defaultsFrom, handlersFrom, params, keywords, parents, allowDuplicates } = request;
    const from = { tasks: tasksFrom, vars: varsFrom, defaults: defaultsFrom, handlers: handlersFrom };
    const spot = { value: name, position: unknownPlace(name), path: '' };
    const around = this.#surroundings({ keywords, path: '', directory: this.#directory });
    const statement = this.#collect(this.#directory, (context) => {
      return this.#sources.role(
        { name, spot, params, own: NO_KEYWORDS, from, parents, allowDuplicates },
        around,
        context,
      );
    });
    return loadedRole(statement);
  }

  /**
   * What an include_tasks stands for once its target is known. `keywords` holds the variables the included statements
   * see and `apply`; what surrounds the include is added.
   *
   * @throws {LoadError}
   */
  includeTasks(target: string, include: Include, keywords: Keywords): readonly Statement[] {
    const remembered = this.#included.get(include) ?? new Map<string, readonly Statement[]>();
    this.#included.set(include, remembered);
    const key = `${target}\0${JSON.stringify(keywords.vars.map(({ vars }) => vars))}`;
    const known = remembered.get(key);
    if (known) return known;
    const around = this.#surroundings({ ...include, keywords: inherit({ ...include.around, vars: [] }, keywords) });
    const statements = this.#collect(include.playDirectory, (context) => {
      return this.#sources.includedTasks(include, target, around, context);
    });
    if (remembered.size < REMEMBERED_PER_INCLUDE) remembered.set(key, statements);
    return statements;
  }

  /**
   * What an include_role stands for once its name and options are known.
   *
   * @throws {LoadError}
   */
  includeRole(
    name: string,
    include: Include,
    keywords: Keywords,
    options: Readonly<Record<string, unknown>> = include.options,
  ): LoadedRole {
    const around = this.#surroundings({ ...include, keywords: inherit({ ...include.around, vars: [] }, keywords) });
    const statement = this.#collect(include.playDirectory, (context) => {
      return this.#sources.includedRole({ ...include, options }, name, around, context);
    });
    return loadedRole(statement);
  }

  #surroundings({ keywords, role, directory, id, listen }: LoadParent): Surroundings {
    return {
      keywords,
      ...(role ? { role } : {}),
      directory: directory ?? (role ? resolve(role.path, 'tasks') : this.#directory),
      idPrefix: id === undefined ? '' : `${id}>`,
      isHandler: listen !== undefined,
      notify: [],
      trail: [],
    };
  }

  /** Runs a reading of which nothing may be wrong; warnings were given before the run. */
  #collect<Result>(directory: string, read: (context: LoadContext) => Result): Result {
    const problems = new Problems();
    const { modules, compiler } = this.#options;
    const notes: PlayNotes = freshNotes(directory, false);
    const result = read({ problems, modules, compiler, sources: this.#sources, notes });
    if (problems.hasErrors) throw new LoadError(inOrder(problems).filter(({ severity }) => severity === 'error'));
    return result;
  }
}

function unknownPlace(file: string): { readonly file: string; readonly line: number; readonly column: number } {
  return { file: displayPath(basename(file)), line: 1, column: 1 };
}

function loadedRole(statement: RoleStatement | undefined): LoadedRole {
  if (!statement) throw new TaskError('the role could not be read');
  const { role } = statement.handlers;
  const statements = handlerSectionsOf([statement]).flatMap((section) => section.statements);
  return { statement, handlers: { ...(role === undefined ? {} : { role }), statements } };
}
