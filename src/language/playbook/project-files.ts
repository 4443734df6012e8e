import { existsSync, readdirSync, readFileSync, realpathSync, type Stats, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { type Problem, Problems } from '../../contract/problem.ts';
import { readFailure } from '../read-failure.ts';
import { isVaultText } from '../vault/envelope.ts';
import { positionOf } from '../yaml/positions.ts';
import { readYaml } from '../yaml/read-yaml.ts';
import type { Spot } from './spot.ts';

/** Text of a vault file, given its name for messages. Throws when no password fits. */
export type Decrypt = (text: string, file: string) => string;

export type FoundFile =
  | { readonly kind: 'found'; readonly file: string }
  | { readonly kind: 'missing' }
  /** It exists, but outside of the project. */
  | { readonly kind: 'outside'; readonly file: string };

interface Document {
  readonly spot: Spot | undefined;
  readonly problems: readonly Problem[];
}

/** The project's YAML files, each read once. Owns the cache, and the rule that nothing outside the project is read. */
export class ProjectFiles {
  readonly #documents = new Map<string, Document>();
  readonly #roots = new Set<string>();
  readonly #decrypt: Decrypt | undefined;

  constructor(decrypt?: Decrypt) {
    this.#decrypt = decrypt;
  }

  /** Allows everything below a directory. */
  allow(directory: string): void {
    const real = realPath(directory);
    if (real !== undefined) this.#roots.add(real);
  }

  /** The first of some paths that exists. Links are followed before deciding whether it is inside the project. */
  find(candidates: readonly string[]): FoundFile {
    const file = candidates.find((candidate) => existsSync(candidate));
    if (file === undefined) return { kind: 'missing' };
    return this.#isInside(file) ? { kind: 'found', file } : { kind: 'outside', file };
  }

  #isInside(file: string): boolean {
    const real = realPath(file);
    return real !== undefined && [...this.#roots].some((root) => isWithin(root, real));
  }

  /** A file's value; undefined when it could not be read, which is reported. */
  document(file: string, problems: Problems): Spot | undefined {
    const known = this.#documents.get(file) ?? this.#read(file);
    this.#documents.set(file, known);
    problems.list.push(...known.problems);
    return known.spot;
  }

  #read(file: string): Document {
    const problems = new Problems();
    const shown = displayPath(file);
    const position = { file: shown, line: 1, column: 1 };
    try {
      const bytes = readFileSync(file);
      const text = isVaultText(bytes) ? this.#decrypted(bytes.toString('latin1'), shown) : bytes;
      const document = readYaml(text, shown, problems);
      const spot = document && { value: document.value, position: positionOf(document.value) ?? position, path: '' };
      return { spot, problems: problems.list };
    } catch (error) {
      problems.error(saidOf(error), { position });
      return { spot: undefined, problems: problems.list };
    }
  }

  #decrypted(text: string, file: string): string {
    if (!this.#decrypt) throw new Error('the file is encrypted: give a vault password (--vault-password-file)');
    return this.#decrypt(text, file);
  }
}

/** Without a code it is a vault's own refusal, which says all there is. */
function saidOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? `cannot be read: ${readFailure(error)}` : readFailure(error);
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

function isWithin(root: string, path: string): boolean {
  const inside = relative(root, path);
  return inside === '' || (!inside.startsWith('..') && !isAbsolute(inside));
}

/** A path as messages show it: from the working directory when it lies below. */
export function displayPath(file: string): string {
  const absolute = resolve(file);
  return isWithin(process.cwd(), absolute) ? relative(process.cwd(), absolute) || '.' : absolute;
}

const HIGHEST = 3;
const PROJECT_MARKS = ['.git', 'ansible.cfg'];

/**
 * The directory no file of a project may lie outside of: that of the repository if one is near, else the one with
 * `roles/`, else the playbook's own.
 */
export function projectRoot(playbook: string): string {
  const own = dirname(resolve(playbook));
  const around = Array.from({ length: HIGHEST + 1 }, (_, steps) => resolve(own, '../'.repeat(steps)));
  const marked = around.find((directory) => PROJECT_MARKS.some((mark) => existsSync(join(directory, mark))));
  return marked ?? around.slice(0, 2).find((directory) => existsSync(join(directory, 'roles'))) ?? own;
}

const EXTENSIONS = ['.yml', '.yaml', '.json', ''];

/** The file or files a name stands for: `vars/main` is `vars/main.yml`, or everything in the directory `vars/main/`. */
export function filesNamed(stem: string): readonly string[] {
  const file = EXTENSIONS.map((extension) => `${stem}${extension}`).find(isFile);
  if (file !== undefined) return [file];
  return isDirectory(stem) ? filesBelow(stem) : [];
}

function filesBelow(directory: string): readonly string[] {
  const names = readdirSync(directory).sort();
  return names.filter(isVarsName).flatMap((name) => {
    const path = join(directory, name);
    return isDirectory(path) ? filesBelow(path) : [path];
  });
}

function isVarsName(name: string): boolean {
  return !basename(name).startsWith('.') && !/~$|\.(bak|orig|swp|txt|md)$/.test(name);
}

function isFile(path: string): boolean {
  return statOf(path)?.isFile() ?? false;
}

export function isDirectory(path: string): boolean {
  return statOf(path)?.isDirectory() ?? false;
}

/** Undefined also where a link leads nowhere or a directory may not be entered: reading it will say so. */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}
