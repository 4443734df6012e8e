import { isAbsolute, resolve } from 'node:path';
import { formatProblem, Problems } from '../contract/problem.ts';
import { TaskError } from '../contract/task-error.ts';
import { readVarsFile } from '../language/inventory/vars-files.ts';
import type { PlaybookLoader } from '../language/playbook/loader.ts';
import type { VarsLayer } from '../language/playbook/types.ts';
import type { VariableScope } from './scope.ts';

/** Turns the text of a whole-file vault into plain text; gives other text back as it is. */
export type Decrypt = (text: string) => string;

/** Not by a template: what a host said must not choose files of the controller. */
function isWrittenInFull(entry: unknown): boolean {
  return [entry].flat().some((name) => typeof name === 'string' && isAbsolute(name));
}

/** Reads variable files of the project once each. Throws TaskError with the problems of a file that cannot be used. */
export class VarsFiles {
  readonly #decrypt: Decrypt;
  readonly #loader: PlaybookLoader;
  readonly #read = new Map<string, VarsLayer>();

  constructor(decrypt: Decrypt, loader: PlaybookLoader) {
    this.#decrypt = decrypt;
    this.#loader = loader;
  }

  /** `vars_files` of a play. An entry that is a list stands for the first of its files that exists. */
  load(entries: readonly unknown[], directory: string, scope: VariableScope): readonly VarsLayer[] {
    return entries.map((entry) => {
      const names = [scope.render(entry)].flat().map(String);
      const places = names.flatMap((name) => [resolve(directory, name), resolve(directory, 'vars', name)]);
      return this.first(places, `vars_files: ${names.join(', ')}`, isWrittenInFull(entry));
    });
  }

  /** The first of some files that exists, which must lie in the project unless it was named in full. */
  first(places: readonly string[], what: string, isNamedInFull: boolean): VarsLayer {
    const found = this.#loader.find(places);
    if (found.kind === 'missing') throw new TaskError(`${what}: there is no such file; looked at ${places.join(', ')}`);
    if (found.kind === 'outside' && !isNamedInFull)
      throw new TaskError(`${what}: ${found.file} lies outside of the project; move it into the project`);
    return this.#readFile(found.file);
  }

  #readFile(path: string): VarsLayer {
    const known = this.#read.get(path);
    if (known) return known;
    const problems = new Problems();
    const layer = readVarsFile(path, { problems, vaultDecrypt: this.#decrypt });
    if (!layer || problems.hasErrors)
      throw new TaskError(problems.list.map(formatProblem).join('\n') || `${path} is empty`);
    this.#read.set(path, layer);
    return layer;
  }
}
