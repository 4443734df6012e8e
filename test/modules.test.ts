import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { argsSchema } from '../src/cli/module-docs.ts';
import { registry } from '../src/cli/compose.ts';
import { indexSource, moduleFiles, pages } from '../scripts/generate.ts';
import { play, workspace } from './support/play.ts';

const root = resolve(import.meta.dirname, '..');
const { modules } = registry();

test('the generated index and docs pages are fresh (npm run docs)', async () => {
  const found = moduleFiles();
  expect(readFileSync(join(root, 'src/modules/index.ts'), 'utf8')).toBe(indexSource(found));
  const made = await pages(found);
  const directory = join(root, 'docs/modules');
  expect(readdirSync(directory).sort()).toEqual([...made.keys()].sort());
  for (const [name, text] of made) expect(readFileSync(join(directory, name), 'utf8')).toBe(text);
});

describe.each(modules.map((module) => [module.name, module] as const))('%s', (name, module) => {
  test('has a test beside it, under its own name', () => {
    expect(existsSync(join(root, `src/modules/${name}.ts`))).toBe(true);
    expect(existsSync(join(root, `src/modules/${name}.test.ts`))).toBe(true);
  });

  test('describes every argument', () => {
    expect(module.summary).not.toBe('');
    expect(undescribed(argsSchema(module), '')).toEqual([]);
  });

  test('has examples that validate', async () => {
    expect(module.examples.length).toBeGreaterThan(0);
    for (const example of module.examples) {
      const task = example.task.trim().replaceAll('\n', '\n      ');
      const directory = workspace({
        'site.yaml': `- hosts: nobody\n  tasks:\n    - ${task}\n`,
        ...Object.fromEntries([...task.matchAll(/\bsrc: ([^/\s]+)$/gm)].map(([, name = '']) => [name, ''])),
      });
      const { problems } = await play(join(directory, 'site.yaml'), { inventory: ['localhost,'] });
      expect(
        problems.filter(({ severity }) => severity === 'error').map(({ message, path }) => `${path} ${message}`),
      ).toEqual([]);
    }
  });
});

interface Schema {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

function undescribed(schema: Schema, prefix: string): readonly string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => [
    ...(field.description ? [] : [`${prefix}${name}`]),
    ...undescribed(field, `${prefix}${name}.`),
    ...(field.items ? undescribed(field.items, `${prefix}${name}[].`) : []),
  ]);
}
