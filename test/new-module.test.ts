import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { workspace } from './support/play.ts';

const root = resolve(import.meta.dirname, '..');
const CONFIGURATION = ['package.json', 'tsconfig.json', 'vitest.config.ts', 'biome.json'];

/** The TypeScript of docs/writing-a-module.md that is whole: it begins with an import. */
function codeBlocks(): readonly string[] {
  const text = readFileSync(join(root, 'docs/writing-a-module.md'), 'utf8');
  return [...text.matchAll(/^```ts\n(import .*?)^```$/gms)].map(([, code = '']) => code);
}

test('npm run new-module writes a module and a test that pass as they are, and those of the docs do too', () => {
  const copy = workspace();
  for (const name of ['src', 'scripts', 'docs', 'test/support', ...CONFIGURATION]) {
    cpSync(join(root, name), join(copy, name), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  const run = (...words: readonly string[]) =>
    execFileSync(process.execPath, words, {
      cwd: copy,
      encoding: 'utf8',
      timeout: 60_000,
      env: { ...process.env, CI: 'true', NO_COLOR: '1' },
    });

  run('scripts/new-module.ts', 'swap-file');
  expect(readFileSync(join(copy, 'src/modules/index.ts'), 'utf8')).toContain("from './swap-file.ts'");
  expect(readFileSync(join(copy, 'docs/modules/swap-file.md'), 'utf8')).toContain('# swap-file');
  expect(run(join(root, 'node_modules/vitest/vitest.mjs'), 'run', 'src/modules/swap-file.test.ts')).toMatch(/3 passed/);
  expect(run('src/cli/main.ts', 'doc', 'swap-file')).toContain('| `path` |');
  for (const [name, why] of [
    ['swap-file', /there is a module swap-file already/],
    ['service', /there is a module service already: systemd_service, in src/],
    ['when', /when means something else in a task/],
    ['Swap File', /usage/],
  ] as const)
    expect(() => run('scripts/new-module.ts', name)).toThrow(why);

  const [module = '', itsTest = ''] = codeBlocks();
  writeFileSync(join(copy, 'src/modules/hostname.ts'), module);
  writeFileSync(join(copy, 'src/modules/hostname.test.ts'), itsTest);
  run('scripts/generate.ts');
  const tool = (name: string) => join(root, 'node_modules/.bin', name);
  const both = ['swap-file', 'hostname'].flatMap((name) => [`src/modules/${name}.ts`, `src/modules/${name}.test.ts`]);
  writeFileSync(
    join(copy, 'tsconfig.few.json'),
    JSON.stringify({ extends: './tsconfig.json', include: [], files: both }),
  );
  expect(() => execFileSync(tool('biome'), ['format', ...both], { cwd: copy, stdio: 'pipe' })).not.toThrow();
  expect(() => execFileSync(tool('tsc'), ['-p', 'tsconfig.few.json'], { cwd: copy, stdio: 'pipe' })).not.toThrow();
  expect(run(join(root, 'node_modules/vitest/vitest.mjs'), 'run', 'src/modules/hostname.test.ts')).toMatch(/3 passed/);
}, 120_000);
