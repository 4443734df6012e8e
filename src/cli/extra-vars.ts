import { readFileSync } from 'node:fs';
import type { Position, Problems } from '../contract/problem.ts';
import { isVariableName } from '../language/playbook/keywords.ts';
import { readFailure } from '../language/read-failure.ts';
import { positionOf } from '../language/yaml/positions.ts';
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
    problems.error(`--extra-vars @${path}: the file cannot be read: ${readFailure(error)}`);
    return {};
  }
}

function mapping(text: string, file: string, problems: Problems): Readonly<Record<string, unknown>> {
  const value = readYaml(text, file, problems)?.value ?? {};
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    problems.error(`${file}: extra variables must be a mapping of names to values`);
    return {};
  }
  for (const name of Object.keys(value)) checkName(name, problems, positionOf(value, name));
  return value as Readonly<Record<string, unknown>>;
}

function checkName(name: string, problems: Problems, position?: Position): void {
  if (isVariableName(name)) return;
  const hint = 'letters, digits and _ only, no digit first';
  problems.error(`--extra-vars: "${name}" is no variable name`, position ? { position, hint } : { hint });
}

function fromWords(text: string, problems: Problems): Readonly<Record<string, unknown>> {
  const words = text.match(/(?:[^\s"']+|"[^"]*"|'[^']*')+/g) ?? [];
  if (/["']/.test(text.replaceAll(/"[^"]*"|'[^']*'/g, ''))) {
    problems.error(`--extra-vars: a quote is not closed: ${text}`);
    return {};
  }
  return Object.fromEntries(
    words.flatMap((word) => {
      const at = word.indexOf('=');
      if (at < 1) {
        problems.error(`--extra-vars: "${word}" is not name=value`, { hint: 'or give JSON: -e \'{"name": true}\'' });
        return [];
      }
      checkName(word.slice(0, at), problems);
      return [[word.slice(0, at), word.slice(at + 1).replace(/^(["'])(.*)\1$/, '$2')]];
    }),
  );
}
