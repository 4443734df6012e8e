import { resolve } from 'node:path';
import { formatProblem, type Problem, Problems } from '../../contract/problem.ts';
import { TaskError } from '../../contract/task-error.ts';
import type { LoadContext, ModuleLookup, PlayNotes, Surroundings, TemplateCompiler, WholeNotes } from './context.ts';
import { IncludeCache } from './include-cache.ts';
import { inherit } from './keywords.ts';
import { freshNotes, NOT_IMPORTED, readPlaybook, inOrder } from './playbook.ts';
import { type Decrypt, type FoundFile, ProjectFiles, projectRoot } from './project-files.ts';
import { ProjectSources } from './sources.ts';
import { handlerSectionsOf } from './walk.ts';
import type { HandlerSection, Include, Keywords, Play, Playbook, RoleStatement, Statement } from './types.ts';

export interface LoaderOptions {
  /** Receives everything that is wrong with a playbook, each problem once. */
  readonly problems: Problems;
  readonly modules: ModuleLookup;
  /** Where roles are looked for after `roles/` beside the playbook. */
  readonly roleDirectories: readonly string[];
  readonly compiler: TemplateCompiler;
  readonly decrypt?: Decrypt;
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

/** Reads playbooks, and the files and roles they include while running. Owns the cache of files read. */
export class PlaybookLoader {
  readonly #options: LoaderOptions;
  readonly #files: ProjectFiles;
  readonly #sources: ProjectSources;
  readonly #included = new IncludeCache();
  readonly #whole: WholeNotes = { worksHere: false };

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
    for (const directory of [projectRoot(path), ...this.#options.roleDirectories]) this.#files.allow(directory);
    const plays = this.#readPlays(path, problems);
    this.#options.problems.list.push(...inOrder(problems));
    return plays && { file, plays };
  }

  #readPlays(file: string, problems: Problems): readonly Play[] | undefined {
    const { modules, compiler } = this.#options;
    const shared = { problems, modules, compiler, sources: this.#sources, whole: this.#whole };
    return readPlaybook(shared, this.#files, { file, path: '', imported: NOT_IMPORTED, trail: [file] });
  }

  /** Whether something in what was read runs on the controller, and may make files there that are not there yet. */
  get worksHere(): boolean {
    return this.#whole.worksHere;
  }

  /** The first of some files that exists, and whether it lies in the project. */
  find(places: readonly string[]): FoundFile {
    return this.#files.find(places);
  }

  /**
   * What an include_tasks stands for once its target is known. `keywords` holds the variables the included statements
   * see and `apply`; what surrounds the include is added.
   *
   * @throws {LoadError}
   */
  includeTasks(target: string, include: Include, keywords: Keywords): readonly Statement[] {
    return this.#included.get(include, target, keywords, () => {
      const around = this.#aroundIncluded(include, keywords);
      return this.#collect(include.playDirectory, (context) => {
        return this.#sources.includedTasks(include, target, around, context);
      });
    });
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
    const around = this.#aroundIncluded(include, keywords);
    const statement = this.#collect(include.playDirectory, (context) => {
      return this.#sources.includedRole({ ...include, options }, name, around, context);
    });
    return loadedRole(statement);
  }

  /** Of a handler's include, `listen` is present, though maybe empty: what it includes are handlers too. */
  #aroundIncluded({ around, role, directory, id, listen }: Include, keywords: Keywords): Surroundings {
    return {
      keywords: inherit({ ...around, vars: [] }, keywords),
      ...(role ? { role } : {}),
      directory,
      idPrefix: `${id}>`,
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
    const result = read({ problems, modules, compiler, sources: this.#sources, notes, whole: this.#whole });
    if (problems.hasErrors) throw new LoadError(inOrder(problems).filter(({ severity }) => severity === 'error'));
    return result;
  }
}

function loadedRole(statement: RoleStatement | undefined): LoadedRole {
  if (!statement) throw new TaskError('the role could not be read');
  const { role } = statement.handlers;
  const statements = handlerSectionsOf([statement]).flatMap((section) => section.statements);
  return { statement, handlers: { ...(role === undefined ? {} : { role }), statements } };
}
