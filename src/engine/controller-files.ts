import { isUtf8 } from 'node:buffer';
import { readFile, readdir, stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import type { ControllerFiles, TemplateBlocks } from '../contract/module.ts';
import { TaskError } from '../contract/task-error.ts';
import { candidates, type FilePlaces } from '../language/playbook/source-places.ts';
import type { Compiler, RunContext } from './context.ts';
import type { VariableScope } from './scope.ts';
import { unvaulted } from './vaulted.ts';
import type { VarsFiles } from './vars-files.ts';

/** Controller files for one task: found by place, read as bytes, rendered with the task's variables. */
export class TaskFiles implements ControllerFiles {
  readonly #places: FilePlaces;
  readonly #scope: VariableScope;
  readonly #compiler: Compiler;
  readonly #varsFiles: VarsFiles;

  constructor(
    places: FilePlaces,
    scope: VariableScope,
    { compiler, varsFiles }: Pick<RunContext, 'compiler' | 'varsFiles'>,
  ) {
    this.#places = places;
    this.#scope = scope;
    this.#compiler = compiler;
    this.#varsFiles = varsFiles;
  }

  async read(src: string, folder: 'files' | 'templates', form: 'plain' | 'stored' = 'plain'): Promise<Uint8Array> {
    const path = await this.#find(src, folder);
    const bytes = await readFile(path);
    return form === 'stored' ? bytes : unvaulted(bytes, path, this.#compiler);
  }

  async mode(src: string, folder: 'files' | 'templates'): Promise<number> {
    return (await stat(await this.#find(src, folder))).mode & 0o7777;
  }

  async render(src: string, blocks?: TemplateBlocks): Promise<string> {
    const path = await this.#find(src, 'templates');
    const bytes = unvaulted(await readFile(path), path, this.#compiler);
    // Read all the same, a byte that is none of UTF-8 would be written to the host as a question mark in a box.
    if (!isUtf8(bytes))
      throw new TaskError(`${path} is not valid UTF-8; save it as UTF-8, or use copy for a binary file`);
    const text = Buffer.from(bytes).toString('utf8');
    try {
      return this.#compiler.templateFile(text, blocks).render(this.#scope);
    } catch (error) {
      throw new TaskError(`${path}: ${error instanceof Error ? error.message : String(error)}`, {}, { cause: error });
    }
  }

  async list(src: string, folder: 'files' | 'vars'): Promise<readonly string[] | null> {
    const path = await this.#find(src, folder);
    if (!(await stat(path)).isDirectory()) return null;
    const entries = await readdir(path, { recursive: true, withFileTypes: true });
    const files = entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(path.replace(/\/$/, '').length + 1));
    return files.sort();
  }

  vars(src: string): Promise<Readonly<Record<string, unknown>>> {
    const places = candidates(src, 'vars', this.#places);
    return Promise.resolve(this.#varsFiles.first(places, src, isAbsolute(src)).vars);
  }

  async #find(src: string, folder: string): Promise<string> {
    const places = candidates(src, folder, this.#places);
    for (const place of places) {
      if (await exists(place)) return place;
    }
    throw new TaskError(`no file ${src} on the controller; looked at ${places.join(', ')}`);
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
