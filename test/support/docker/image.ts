import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { aptProxies, debianSources, releaseName } from './apt-sources.ts';
import { withSbin } from './daemon.ts';
import { type Engine, openEngine } from './engine.ts';
import { askEngine } from './http.ts';
import { exclusively } from './lock.ts';

const RECIPES = join(import.meta.dirname, '../../../docker');
const run = promisify(execFile);

/** What makes one image: the files of docker/<name>, on top of another recipe unless it is a list of Debian packages. */
export interface Recipe {
  readonly name: string;
  readonly directory: string;
  /** The image below, as `ARG BASE=tsplay/<name>` in its Dockerfile says; null for one that is made from packages. */
  readonly base: Recipe | null;
  /** Of everything that went in, those below included. */
  readonly hash: string;
}

/** @throws Error when docker/ has no such recipe */
export function recipeOf(name: string): Recipe {
  const directory = join(RECIPES, name);
  const dockerfile = join(directory, 'Dockerfile');
  const packages = join(directory, 'packages');
  if (!existsSync(dockerfile) && !existsSync(packages)) throw new Error(`docker/${name} holds no recipe of an image`);
  const base = existsSync(packages) ? null : recipeOf(baseName(dockerfile));
  const hash = createHash('sha256').update(base?.hash ?? releaseName());
  for (const file of filesBelow(directory))
    hash.update(`\0${relative(directory, file)}\0${statSync(file).mode & 0o111}\0`).update(readFileSync(file));
  return { name, directory, base, hash: hash.digest('hex').slice(0, 12) };
}

function baseName(dockerfile: string): string {
  const base = /^ARG BASE=tsplay\/([\w-]+)$/m.exec(readFileSync(dockerfile, 'utf8'))?.[1];
  if (base === undefined) throw new Error(`${dockerfile}: no line ARG BASE=tsplay/<name>: nothing is ever pulled`);
  return base;
}

function filesBelow(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

export const tagOf = ({ name, hash }: Recipe): string => `tsplay/${name}:${hash}`;

/**
 * The image of docker/<name>, built with everything below it unless this very recipe was built before. Nothing is pulled:
 * what is not built from Debian's packages here is an error.
 * @returns its tag
 * @example const image = await buildImage('debian-boot');
 */
export async function buildImage(name: string): Promise<string> {
  const engine = await openEngine();
  return build(engine, recipeOf(name));
}

async function build(engine: Engine, recipe: Recipe): Promise<string> {
  const tag = tagOf(recipe);
  if (await exists(engine, tag)) return tag;
  const base = recipe.base && (await build(engine, recipe.base));
  await exclusively(`image-${recipe.name}`, async () => {
    if (await exists(engine, tag)) return;
    if (base === null) await buildFromPackages(engine, recipe);
    else await buildOn(engine, recipe, base);
    await dropOlder(engine, recipe);
  });
  return tag;
}

async function exists(engine: Engine, tag: string): Promise<boolean> {
  return (await askEngine(engine.socket, 'GET', `/images/${tag}/json`)).status === 200;
}

/** mmdebstrap(1) needs no registry: Debian's archive is where this machine's own packages come from. */
async function buildFromPackages(engine: Engine, recipe: Recipe): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), 'tsplay-image-'));
  const tar = join(scratch, 'root.tar');
  const packages = readFileSync(join(recipe.directory, 'packages'), 'utf8').split(/\s+/).filter(Boolean);
  const options = [
    ...['--variant=minbase', `--include=${packages.join(',')}`],
    ...['man', 'locale', 'doc', 'info', 'lintian'].map((part) => `--dpkgopt=path-exclude=/usr/share/${part}/*`),
    ...['--dpkgopt=force-unsafe-io', '--aptopt=Acquire::Languages "none"', '--aptopt=APT::Install-Recommends "false"'],
    ...aptProxies().map((line) => `--aptopt=${line.replace(/;$/, '')}`),
  ];
  try {
    await toEnd('mmdebstrap', [...options, releaseName(), tar, '-'], debianSources());
    await toEnd('docker', ['-H', engine.host, 'import', tar, tagOf(recipe)]);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** The host's network, for apt-get only: containers have none that leads out. */
async function buildOn(engine: Engine, recipe: Recipe, base: string): Promise<void> {
  const words = ['build', '--network=host', '--build-arg', `BASE=${base}`, '-t', tagOf(recipe), recipe.directory];
  await toEnd('docker', ['-H', engine.host, ...words]);
}

async function toEnd(program: string, words: readonly string[], input = ''): Promise<void> {
  const env = { ...withSbin(process.env), DOCKER_BUILDKIT: '0' };
  const child = spawn('nice', ['-n', '5', program, ...words], { env });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => (said = `${said}${chunk}`.slice(-8000)));
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${program} ${words.join(' ')} failed:\n${said}`);
}

/** Images of earlier versions of the recipe, where no container uses them. */
async function dropOlder(engine: Engine, recipe: Recipe): Promise<void> {
  const format = ['image', 'ls', '--format', '{{.Repository}}:{{.Tag}}', `tsplay/${recipe.name}`];
  const { stdout } = await run('docker', ['-H', engine.host, ...format]);
  const older = stdout.split('\n').filter((tag) => tag !== '' && tag !== tagOf(recipe));
  for (const tag of older) await run('docker', ['-H', engine.host, 'rmi', tag]).catch(() => {});
}
