import { aliasPattern, catalog } from '../kernel/catalog.ts';

/** The files depmod and the kernel package leave below /lib/modules/VERSION, by path relative to it. */
export function moduleTree(builtin: readonly string[]): ReadonlyMap<string, string> {
  const loadable = catalog.filter(({ name }) => !builtin.includes(name));
  const inside = catalog.filter(({ name }) => builtin.includes(name));
  const pathOf = (name: string): string => `kernel/${catalog.find((module) => module.name === name)?.path}`;
  const depends = loadable.map(
    ({ path, depends }) => `kernel/${path}:${depends.map((name) => ` ${pathOf(name)}`).join('')}\n`,
  );
  const aliases = loadable.flatMap(({ name, driver }) =>
    (driver?.ids ?? []).map((id) => `alias ${aliasPattern(id)} ${name}\n`),
  );
  const files = new Map([
    ['modules.dep', depends.join('')],
    ['modules.builtin', inside.map(({ path }) => `kernel/${path}\n`).join('')],
    ['modules.order', loadable.map(({ path }) => `kernel/${path}\n`).join('')],
    [
      'modules.alias',
      `# Aliases extracted from modules themselves.\nalias vfio_pci:v*d*sv*sd*bc*sc*i* vfio_pci\n${aliases.join('')}`,
    ],
    ['modules.softdep', '# Soft dependencies extracted from modules themselves.\n'],
  ]);
  for (const { name, path } of loadable) files.set(`kernel/${path}`, `simulated module ${name}\n`);
  return files;
}
