import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { formatProblem, Problems } from '../contract/problem.ts';
import { TaskError } from '../contract/task-error.ts';
import type { VarsLayer } from '../language/playbook/types.ts';
import { readYaml } from '../language/yaml/read-yaml.ts';
import type { VariableScope } from './scope.ts';

/** Turns the text of a whole-file vault into plain text; gives other text back as it is. */
export type Decrypt = (text: string) => string;

/** Reads variable files once each. Throws TaskError with the problems of a file that cannot be used. */
export class VarsFiles {
  readonly #decrypt: Decrypt;
  readonly #read = new Map<string, VarsLayer>();

  constructor(decrypt: Decrypt) {
    this.#decrypt = decrypt;
  }

  /** An entry that is a list stands for the first of its files that exists. */
  load(entries: readonly unknown[], directory: string, scope: VariableScope): readonly VarsLayer[] {
    return entries.map((entry) => {
      const names = [scope.render(entry)].flat().map(String);
      const paths = names.flatMap((name) => [resolve(directory, name), resolve(directory, 'vars', name)]);
      const path = paths.find((candidate) => existsSync(candidate));
      if (path === undefined)
        throw new TaskError(`vars_files: none of these files exists: ${names.join(', ')} (looked in ${directory})`);
      return this.read(path);
    });
  }

  read(path: string): VarsLayer {
    const known = this.#read.get(path);
    if (known) return known;
    const problems = new Problems();
    const document = readYaml(this.#decrypt(readFileSync(path, 'utf8')), path, problems);
    const vars = document?.value ?? {};
    if (!problems.hasErrors && (typeof vars !== 'object' || Array.isArray(vars)))
      problems.error('must be a mapping of variable names to values', { position: { file: path, line: 1, column: 1 } });
    if (problems.hasErrors) throw new TaskError(problems.list.map(formatProblem).join('\n'));
    const layer: VarsLayer = { vars: vars as Readonly<Record<string, unknown>>, source: path };
    this.#read.set(path, layer);
    return layer;
  }
}
