import type { FileContent } from '../contract/file-state.ts';

/** One directive of modprobe.d(5). */
export interface ModprobeDirective {
  readonly verb: string;
  /** Normalised: `-` is `_` in module names. Wildcards of `alias` stay. */
  readonly module: string;
  readonly rest: string;
  readonly path: string;
  readonly line: number;
}

/** Where modprobe(8) looks, first wins for a file name; then all are read in the order of their names (modprobe.d(5)). */
export const MODPROBE_DIRECTORIES = [
  '/etc/modprobe.d',
  '/run/modprobe.d',
  '/usr/local/lib/modprobe.d',
  '/usr/lib/modprobe.d',
  '/lib/modprobe.d',
] as const;

/** The same for modules-load.d(5). */
export const MODULES_LOAD_DIRECTORIES = [
  '/etc/modules-load.d',
  '/run/modules-load.d',
  '/usr/local/lib/modules-load.d',
  '/usr/lib/modules-load.d',
  '/lib/modules-load.d',
] as const;

export function normaliseModule(name: string): string {
  return name.replaceAll('-', '_');
}

/** Files in force, in reading order: a name in an earlier directory masks the same name in later ones. */
export function filesInForce(directories: readonly (readonly FileContent[])[]): readonly FileContent[] {
  const byName = new Map<string, FileContent>();
  for (const file of directories.flat()) {
    const name = file.path.slice(file.path.lastIndexOf('/') + 1);
    if (!byName.has(name)) byName.set(name, file);
  }
  const names = [...byName.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return names.flatMap((name) => byName.get(name) ?? []);
}

export function parseModprobeFiles(files: readonly FileContent[]): readonly ModprobeDirective[] {
  return files.flatMap((file) =>
    file.kind === 'file' ? parseModprobe(file.path, Buffer.from(file.bytes).toString()) : [],
  );
}

/** @example parseModprobe('/etc/modprobe.d/a.conf', 'options vfio-pci ids=10de:1b38')[0]?.module // 'vfio_pci' */
export function parseModprobe(path: string, text: string): readonly ModprobeDirective[] {
  const joined = text.replace(/\\\n/g, '\\\0');
  let line = 1;
  return joined.split('\n').flatMap((raw) => {
    const at = line;
    line += 1 + raw.split('\0').length - 1;
    const [verb = '', module = '', ...rest] = raw.replaceAll('\\\0', ' ').trim().split(/\s+/);
    return verb === '' || verb.startsWith('#')
      ? []
      : [{ verb, module: normaliseModule(module), rest: rest.join(' '), path, line: at }];
  });
}

/** The definition of a parameter that wins: options accumulate, and of one parameter the last is taken. */
export function effectiveOption(directives: readonly ModprobeDirective[], module: string, param: string) {
  const defined = directives
    .filter((one) => one.verb === 'options' && one.module === normaliseModule(module))
    .flatMap((one) => optionWords(one.rest).map((word) => ({ ...splitOption(word), path: one.path, line: one.line })));
  return defined.filter((one) => one.name === normaliseModule(param)).at(-1);
}

/** All parameters that options lines give a module; of one that is given twice the last. */
export function optionsOf(
  directives: readonly ModprobeDirective[],
  module: string,
): Readonly<Record<string, string | null>> {
  const own = directives.filter((one) => one.verb === 'options' && one.module === normaliseModule(module));
  const words = own.flatMap((one) => optionWords(one.rest));
  return Object.fromEntries(words.map(splitOption).map(({ name, value }) => [name, value]));
}

/** Words of an options line; double quotes keep spaces together, as kmod does. */
function optionWords(rest: string): readonly string[] {
  return rest.match(/(?:"[^"]*"|[^\s"])+/g) ?? [];
}

function splitOption(word: string): { readonly name: string; readonly value: string | null } {
  const at = word.indexOf('=');
  return at < 0
    ? { name: normaliseModule(word), value: null }
    : { name: normaliseModule(word.slice(0, at)), value: word.slice(at + 1).replaceAll('"', '') };
}

/** Names listed for loading at boot; `#` and `;` begin comments, and the whole line is one name (modules-load.d(5)). */
export function listedModules(
  files: readonly FileContent[],
): readonly { readonly module: string; readonly path: string }[] {
  return files.flatMap((file) => {
    if (file.kind !== 'file') return [];
    const lines = Buffer.from(file.bytes).toString().split('\n');
    const names = lines.map((line) => line.trim()).filter((line) => line !== '' && !/^[#;]/.test(line));
    return names.map((name) => ({ module: normaliseModule(name), path: file.path }));
  });
}

/** Parameters that /etc/initramfs-tools/modules gives a module: `vfio_pci ids=10de:20f1`. */
export function listedParams(text: string, module: string): Readonly<Record<string, string>> {
  const lines = text.split('\n').map((line) => line.trim().split(/\s+/));
  const words = lines
    .filter(([name = '']) => normaliseModule(name) === normaliseModule(module))
    .flatMap((line) => line.slice(1));
  return Object.fromEntries(words.map(splitOption).map(({ name, value }) => [name, value ?? '']));
}
