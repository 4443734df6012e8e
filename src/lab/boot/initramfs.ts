import { imageModules, type ModuleSpec, moduleNamed } from '../kernel/catalog.ts';
import { type ConfigFiles, parseModprobeConfig } from '../kernel/modprobe-config.ts';
import { type CpioEntry, readCpio, writeCpio } from './cpio.ts';

/** What mkinitramfs reads from the running system. */
export interface ImageSource {
  readonly version: string;
  readonly modprobe: ConfigFiles;
  /** Text of /etc/initramfs-tools/modules. */
  readonly modules: string;
  /** Files of /etc/initramfs-tools/conf.d and initramfs.conf, by absolute path. */
  readonly conf: ConfigFiles;
  /** Files of /etc/initramfs-tools/scripts, by absolute path. */
  readonly scripts?: ConfigFiles;
  readonly builtin: readonly string[];
}

/** What a boot finds in an image. */
export interface Image {
  readonly version: string;
  readonly modprobe: ConfigFiles;
  readonly modules: readonly EarlyModule[];
  readonly contains: (module: string) => boolean;
  /** Scripts that run before any module is loaded, in the order of their names. */
  readonly initTop: readonly string[];
}

export interface EarlyModule {
  readonly name: string;
  readonly params: string;
}

export function parseModuleLines(text: string): readonly EarlyModule[] {
  const lines = text.split('\n').map((line) => line.replace(/#.*/, '').trim());
  return lines.filter(Boolean).map((line) => {
    const [name = '', ...params] = line.split(/\s+/);
    return { name, params: params.join(' ') };
  });
}

/** The modules an image carries: the distribution's, the listed ones, and all they depend on, softly or not. */
function membersOf(source: ImageSource): readonly ModuleSpec[] {
  const config = parseModprobeConfig(source.modprobe, '');
  const found = new Map<string, ModuleSpec>();
  const add = (name: string): void => {
    const module = moduleNamed(name);
    if (!module || found.has(module.name) || source.builtin.includes(module.name)) return;
    found.set(module.name, module);
    const soft = config.softdeps.get(module.name);
    for (const other of [...module.depends, ...(soft?.pre ?? []), ...(soft?.post ?? [])]) add(other);
  };
  for (const name of [...imageModules, ...parseModuleLines(source.modules).map(({ name }) => name)]) add(name);
  return [...found.values()];
}

const file = (name: string, text: string, mode = 0o100644): CpioEntry => ({ name, mode, bytes: Buffer.from(text) });

const initTop = /^scripts\/init-top\/[\w.-]+$/;

/** Every directory above the files, each once and before what is in it. */
function withDirectories(files: readonly CpioEntry[]): readonly CpioEntry[] {
  const directories = new Set<string>();
  for (const { name } of files) {
    const parts = name.split('/').slice(0, -1);
    parts.forEach((_, index) => directories.add(parts.slice(0, index + 1).join('/')));
  }
  const made = [...directories].map((name) => ({ name, mode: 0o040755, bytes: new Uint8Array() }));
  return [
    { name: '.', mode: 0o040755, bytes: new Uint8Array() },
    ...[...made, ...files].sort((a, b) => (a.name < b.name ? -1 : 1)),
  ];
}

export function buildImage(source: ImageSource): Buffer {
  const tree = `usr/lib/modules/${source.version}`;
  const modules = membersOf(source);
  const listed = parseModuleLines(source.modules).map(({ name, params }) => `${name} ${params}`.trim());
  const files = [
    file('conf/arch.conf', 'DPKG_ARCH=amd64\n'),
    file('conf/modules', listed.map((line) => `${line}\n`).join('')),
    file('init', '#!/bin/sh\n'),
    file(`${tree}/modules.dep`, modules.map(({ path }) => `kernel/${path}:\n`).join('')),
    ...modules.map(({ name, path }) => file(`${tree}/kernel/${path}`, `simulated module ${name}\n`)),
    ...[...source.modprobe].map(([path, text]) => file(path.slice(1), text)),
    ...[...(source.scripts ?? [])].map(([path, text]) =>
      file(path.replace('/etc/initramfs-tools/', ''), text, 0o100755),
    ),
    ...[...source.conf].map(([path, text]) => file(`conf${path.replace('/etc/initramfs-tools', '')}`, text)),
  ];
  return writeCpio(withDirectories(files));
}

/** @throws Error when the image is damaged. */
export function readImage(archive: Buffer): Image {
  const entries = readCpio(archive);
  const text = (name: string): string =>
    Buffer.from(entries.find((entry) => entry.name === name)?.bytes ?? []).toString();
  const modprobe = new Map(
    entries
      .filter(({ name, mode }) => /modprobe\.d\/.*\.conf$/.test(name) && (mode & 0o100000) !== 0)
      .map(({ name, bytes }) => [`/${name}`, Buffer.from(bytes).toString()]),
  );
  const names = new Set(entries.map(({ name }) => name));
  const version =
    /^usr\/lib\/modules\/([^/]+)\//.exec([...names].find((name) => name.endsWith('/modules.dep')) ?? '')?.[1] ?? '';
  const contains = (module: string): boolean =>
    names.has(`usr/lib/modules/${version}/kernel/${moduleNamed(module)?.path}`);
  const scripts = [...names].filter((name) => initTop.test(name) && !name.endsWith('.keep')).sort();
  return { version, modprobe, modules: parseModuleLines(text('conf/modules')), contains, initTop: scripts.map(text) };
}
