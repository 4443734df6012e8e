import { readFileSync } from 'node:fs';
import { Problems } from '../contract/problem.ts';
import { readYaml } from '../language/yaml/read-yaml.ts';

/**
 * The variables of `-e`: `k=v` words (values are text), a JSON or YAML mapping, or `@file`. Later ones win.
 * @example extraVars(['gpus=2', '{"nested": [1]}', '@site.yaml'], problems)
 */
export function extraVars(
  words: readonly string[],
  problems: Problems,
  decrypt: (text: string) => string,
): Readonly<Record<string, unknown>> {
  return Object.assign({}, ...words.map((word) => parse(word.trim(), problems, decrypt)));
}

function parse(word: string, problems: Problems, decrypt: (text: string) => string): Readonly<Record<string, unknown>> {
  if (word.startsWith('@')) return fromFile(word.slice(1), problems, decrypt);
  if (word.startsWith('{')) return mapping(word, '--extra-vars', problems);
  return fromWords(word, problems);
}

function fromFile(
  path: string,
  problems: Problems,
  decrypt: (text: string) => string,
): Readonly<Record<string, unknown>> {
  try {
    return mapping(decrypt(readFileSync(path, 'utf8')), path, problems);
  } catch (error) {
    problems.error(`--extra-vars: cannot read ${path}: ${error instanceof Error ? error.message : String(error)}`);
    return {};
  }
}

function mapping(text: string, file: string, problems: Problems): Readonly<Record<string, unknown>> {
  const value = readYaml(text, file, problems)?.value ?? {};
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Readonly<Record<string, unknown>>;
  problems.error(`${file}: extra variables must be a mapping of names to values`);
  return {};
}

function fromWords(text: string, problems: Problems): Readonly<Record<string, unknown>> {
  const words = text.match(/(?:[^\s"']+|"[^"]*"|'[^']*')+/g) ?? [];
  return Object.fromEntries(
    words.flatMap((word) => {
      const at = word.indexOf('=');
      if (at < 1) {
        problems.error(`--extra-vars: "${word}" is not name=value`, { hint: 'or give JSON: -e \'{"name": true}\'' });
        return [];
      }
      return [[word.slice(0, at), word.slice(at + 1).replace(/^(["'])(.*)\1$/, '$2')]];
    }),
  );
}
