import { existsSync, readdirSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import type { Problems } from '../../contract/problem.ts';
import type { VarsLayer } from '../playbook/types.ts';
import { readFailure } from '../read-failure.ts';
import { isMapping } from '../yaml/merge.ts';
import { positionOf } from '../yaml/positions.ts';
import { readYaml } from '../yaml/read-yaml.ts';
import { type ReadTextOptions, readText } from './read-text.ts';

/** In the order they are looked for. */
const endings = ['', '.yml', '.yaml', '.json'];

/**
 * The files that hold the variables of a group or host: `gpu`, `gpu.yml`, `gpu.yaml` or `gpu.json`, the first that
 * exists; for a directory every file in it, subdirectories too, in the order of their names.
 */
export function findVarsFiles(directory: string, name: string, problems: Problems): readonly string[] {
  const [first, ...shadowed] = endings
    .map((ending) => join(directory, `${name}${ending}`))
    .filter((path) => existsSync(path));
  for (const path of shadowed) {
    problems.warn(`not read, because ${first} exists`, {
      position: { file: path, line: 1, column: 1 },
      hint: 'merge the two',
    });
  }
  if (first === undefined) return [];
  return statSync(first).isDirectory() ? filesIn(first, problems) : [first];
}

function filesIn(directory: string, problems: Problems): readonly string[] {
  try {
    return filesBelow(directory);
  } catch (error) {
    const position = { file: directory, line: 1, column: 1 };
    problems.error(`cannot be read: ${readFailure(error)}`, { position });
    return [];
  }
}

function filesBelow(directory: string): readonly string[] {
  return readdirSync(directory)
    .toSorted()
    .filter((name) => !name.startsWith('.') && !name.endsWith('~'))
    .flatMap((name) => {
      const path = join(directory, name);
      const isDirectory = existsSync(path) && statSync(path).isDirectory();
      if (isDirectory) return extname(name) === '' ? filesBelow(path) : [];
      return endings.includes(extname(name)) ? [path] : [];
    });
}

/**
 * The variables of one file, decrypted when the whole file is a vault; undefined after reporting why there are none. An
 * empty file holds no variables, which is no mistake.
 */
export function readVarsFile(file: string, options: ReadTextOptions): VarsLayer | undefined {
  const { problems } = options;
  const position = { file, line: 1, column: 1 };
  const text = readText(file, options);
  const document = text === undefined ? undefined : readYaml(text, file, problems);
  if (!document) return undefined;
  const vars = document.value ?? {};
  if (!isMapping(vars)) {
    problems.error('a file of variables must be a mapping', { position: positionOf(vars) ?? position });
    return undefined;
  }
  return { vars, source: file };
}
