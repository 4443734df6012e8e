import { matchesGlob } from 'node:path';
import { aliasPattern, catalog, type ModuleSpec, moduleNamed, underscored } from './catalog.ts';

/** Files of modprobe.d and the like, by absolute path. */
export type ConfigFiles = ReadonlyMap<string, string>;

/** The merged configuration that `modprobe -c` shows. Names are underscored. */
export interface ModprobeConfig {
  readonly blacklist: ReadonlySet<string>;
  /** In file order: parameters accumulate, the last of equal ones wins. */
  readonly options: readonly (readonly [module: string, params: string])[];
  readonly install: ReadonlyMap<string, string>;
  readonly remove: ReadonlyMap<string, string>;
  readonly softdeps: ReadonlyMap<string, Softdep>;
  readonly aliases: readonly (readonly [pattern: string, module: string])[];
}

export interface Softdep {
  readonly pre: readonly string[];
  readonly post: readonly string[];
}

/** Searched in this order; a file masks those of its name in later directories (modprobe.d(5)). */
export const modprobeDirectories = [
  '/etc/modprobe.d',
  '/run/modprobe.d',
  '/usr/local/lib/modprobe.d',
  '/usr/lib/modprobe.d',
] as const;

/** The files that count, in the order they are read: by base name, across directories. */
export function effectiveFiles(files: ConfigFiles): readonly string[] {
  const byName = new Map<string, string>();
  for (const directory of modprobeDirectories) {
    for (const path of files.keys()) {
      const name = path.slice(directory.length + 1);
      if (path.startsWith(`${directory}/`) && name.endsWith('.conf') && !byName.has(name)) byName.set(name, path);
    }
  }
  return [...byName].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, path]) => path);
}

function logicalLines(text: string): readonly string[] {
  return text
    .replaceAll('\\\n', ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

function parseSoftdep(words: readonly string[]): Softdep {
  const pre: string[] = [];
  const post: string[] = [];
  let current: string[] | undefined;
  for (const word of words) {
    if (word === 'pre:') current = pre;
    else if (word === 'post:') current = post;
    else current?.push(underscored(word));
  }
  return { pre, post };
}

export function parseModprobeConfig(files: ConfigFiles, cmdline: string): ModprobeConfig {
  const blacklist = new Set<string>();
  const options: [string, string][] = [];
  const install = new Map<string, string>();
  const remove = new Map<string, string>();
  const softdeps = new Map<string, Softdep>();
  const aliases: [string, string][] = [];
  for (const line of effectiveFiles(files).flatMap((path) => logicalLines(files.get(path) ?? ''))) {
    const [keyword, first = '', ...rest] = line.split(/\s+/);
    const name = underscored(first);
    if (keyword === 'blacklist') blacklist.add(name);
    else if (keyword === 'options') options.push([name, rest.join(' ')]);
    else if (keyword === 'install') install.set(name, rest.join(' '));
    else if (keyword === 'remove') remove.set(name, rest.join(' '));
    else if (keyword === 'softdep') softdeps.set(name, parseSoftdep(rest));
    else if (keyword === 'alias') aliases.push([first, underscored(rest[0] ?? '')]);
  }
  for (const name of cmdlineBlacklist(cmdline)) blacklist.add(name);
  return { blacklist, options, install, remove, softdeps, aliases };
}

function cmdlineBlacklist(cmdline: string): readonly string[] {
  const tokens = cmdline.split(/\s+/).filter((token) => token.startsWith('modprobe.blacklist='));
  return tokens.flatMap((token) => token.slice(token.indexOf('=') + 1).split(',')).map(underscored);
}

/** `key=value` pairs; words in double quotes stay together. */
export function parseParams(text: string): Record<string, string> {
  const words = text.match(/(?:[^\s"]|"[^"]*")+/g) ?? [];
  return Object.fromEntries(
    words.map((word) => {
      const [key = '', ...value] = word.split('=');
      return [underscored(key), value.join('=').replaceAll('"', '')];
    }),
  );
}

/** The parameters a module gets: options files in order, then the kernel command line, then the caller's. */
export function paramsOf(config: ModprobeConfig, name: string): Record<string, string> {
  const mine = config.options.filter(([module]) => module === name);
  return Object.assign({}, ...mine.map(([, params]) => parseParams(params)));
}

const matchesAlias = (pattern: string, text: string): boolean =>
  pattern === text || matchesGlob(text.replaceAll('/', '_'), pattern.replaceAll('/', '_'));

/** Modules that say they drive a modalias, and whether by an internal alias, which a blacklist disables. */
export function modulesForAlias(config: ModprobeConfig, alias: string): readonly ModuleSpec[] {
  const configured = config.aliases.filter(([pattern]) => matchesAlias(pattern, alias)).map(([, name]) => name);
  const internal = catalog.filter((module) => module.driver?.ids.some((id) => matchesAlias(aliasPattern(id), alias)));
  const names = configured.length > 0 ? configured : internal.map(({ name }) => name);
  return names.filter((name) => !config.blacklist.has(name)).flatMap((name) => moduleNamed(name) ?? []);
}
