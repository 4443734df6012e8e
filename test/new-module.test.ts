import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { workspace } from './support/play.ts';

const root = resolve(import.meta.dirname, '..');

test('npm run new-module writes a module and a test that pass, and brings the index and the docs up to date', () => {
  const copy = workspace();
  for (const name of ['src', 'scripts', 'docs', 'test/support', 'package.json', 'tsconfig.json', 'vitest.config.ts']) {
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
  expect(() => run('scripts/new-module.ts', 'swap-file')).toThrow(/there is a module swap-file already/);
}, 120_000);
