import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const source = join(root, 'src');

/** What each layer may import beside itself: everything below it, nothing beside or above. */
const BELOW: Readonly<Record<string, readonly string[]>> = {
  contract: [],
  language: ['contract'],
  probes: ['contract'],
  changes: ['contract'],
  engine: ['language', 'probes', 'changes', 'contract'],
  modules: ['language', 'probes', 'changes', 'contract'],
  transport: ['language', 'probes', 'changes', 'contract'],
  report: ['language', 'probes', 'changes', 'contract'],
  lab: ['contract'],
  cli: ['contract', 'language', 'probes', 'changes', 'engine', 'modules', 'transport', 'report', 'lab'],
};

/** Each package has one owner; a second one means that something should go through the first. */
const OWNERS: Readonly<Record<string, readonly string[]>> = {
  ssh2: ['transport/', 'lab/'],
  'js-yaml': ['language/yaml/'],
  listr2: ['report/pretty.ts'],
  'p-queue': ['engine/run.ts', 'engine/context.ts'],
  commander: ['cli/main.ts', 'cli/options.ts'],
  diff: ['report/diff.ts'],
};

interface Import {
  readonly file: string;
  readonly target: string;
}

const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !file.includes('/fixtures/'))
  .map((file) => file.replaceAll('\\', '/'));

const imports: readonly Import[] = files.flatMap((file) => {
  const text = readFileSync(join(source, file), 'utf8');
  const targets = [
    ...text.matchAll(/^(?:import|export)\b[^;]*?from '([^']+)'|import\('([^']+)'\)|^import '([^']+)'/gm),
  ];
  return targets.map((match) => ({ file, target: match[1] ?? match[2] ?? match[3] ?? '' }));
});

function layerOf(file: string): string {
  return file.split('/')[0] ?? '';
}

test('every source file lies in a layer', () => {
  expect(files.length).toBeGreaterThan(50);
  expect(files.filter((file) => !(layerOf(file) in BELOW))).toEqual([]);
});

test('a layer imports only itself and those below it', () => {
  const wrong = imports
    .filter(({ target }) => target.startsWith('.'))
    .map(({ file, target }) => ({ file, to: relative(source, resolve(source, dirname(file), target)) }))
    .filter(
      ({ file, to }) =>
        layerOf(to) !== layerOf(file) && !BELOW[layerOf(file)]?.includes(layerOf(to)) && !to.startsWith('..'),
    );
  expect(wrong.map(({ file, to }) => `${file} -> ${to}`)).toEqual([]);
});

test('nothing in src imports from outside of it', () => {
  const wrong = imports.filter(
    ({ file, target }) =>
      target.startsWith('.') && relative(source, resolve(source, dirname(file), target)).startsWith('..'),
  );
  expect(wrong.map(({ file, target }) => `${file} -> ${target}`)).toEqual([]);
});

test('each package is imported by its owner only', () => {
  const wrong = imports.filter(
    ({ file, target }) => OWNERS[target] && !OWNERS[target]?.some((owner) => file.startsWith(owner)),
  );
  expect(wrong.map(({ file, target }) => `${file} -> ${target}`)).toEqual([]);
});

test('every package that src imports is a dependency, and contract imports zod only', () => {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const packages = imports.filter(({ target }) => !target.startsWith('.') && !target.startsWith('node:'));
  expect(
    packages
      .filter(({ target }) => !(target in manifest.dependencies))
      .map(({ file, target }) => `${file} -> ${target}`),
  ).toEqual([]);
  expect(packages.filter(({ file, target }) => file.startsWith('contract/') && target !== 'zod')).toEqual([]);
});

test('only cli and report speak to the process and the console', () => {
  const speaking = files
    .filter((file) => !/^(cli|report|lab)\//.test(file))
    .filter((file) => /\bprocess\.(exit|argv|stdout|stderr)\b|\bconsole\./.test(code(file)));
  expect(speaking).toEqual([]);
});

test('nothing evaluates text as code, and any stands in the registry types only', () => {
  expect(files.filter((file) => /\bnew Function\(|[^.\w]eval\(/.test(code(file)))).toEqual([]);
  const registries = ['contract/module.ts', 'contract/probe.ts'];
  expect(
    files.filter((file) => !registries.includes(file) && /:\s*any\b|<any[,>]|\bas any\b|\bany\[\]/.test(code(file))),
  ).toEqual([]);
});

/** A file without its comments and string literals, roughly: enough to look for words in code. */
function code(file: string): string {
  return readFileSync(join(source, file), 'utf8')
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/(^|[^:])\/\/.*$/gm, '$1')
    .replace(/'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/g, "''");
}

/** What a host is called says little about how it boots: only facts for users to read may know names of distributions. */
const NAMES =
  /\b(os_family|os-release|(ansible_|facts\.)(distribution|lsb|os_family)\w*|distribution_\w+|lsb_release)\b/i;

test('nothing in roles, playbooks, modules or probes asks for the name of a distribution', () => {
  const yaml = ['roles', 'playbooks'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(ya?ml|j2)$/.test(file))
      .map((file) => ({ file, text: readFileSync(join(root, folder, file), 'utf8').replace(/^\s*#.*$/gm, '') })),
  );
  const code = files
    .filter((file) => /^(modules|probes|changes)\//.test(file) && !/^(probes\/facts|modules\/setup)/.test(file))
    .map((file) => ({ file, text: withoutProse(readFileSync(join(source, file), 'utf8')) }));
  expect(yaml.length).toBeGreaterThan(10);
  expect([...yaml, ...code].filter(({ text }) => NAMES.test(text)).map(({ file }) => file)).toEqual([]);
});

/** Comments, and the texts and examples that describe a module to people. */
function withoutProse(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
    .replace(/\b(description|summary|task|title):\s*(`(?:[^`\\]|\\.)*`|'(?:[^'\\]|\\.)*'|"[^"]*")/g, '')
    .replace(/\.describe\(\s*(`[^`]*`|'(?:[^'\\]|\\.)*'|"[^"]*")/g, '');
}
