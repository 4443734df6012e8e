import type { FileContent } from '../../contract/file-state.ts';
import type { Read } from '../../contract/probe.ts';
import {
  type BlsEntry,
  BLS_DIRECTORY,
  expandOptions,
  parseBlsEntries,
  takesParameters,
} from '../../probes/bls-entries.ts';
import { type BootEntries, bootEntries } from '../../probes/boot-entries.ts';
import { type BootLoader, bootLoader } from '../../probes/boot-loader.ts';
import { directoryFiles } from '../../probes/directory.ts';
import { fileContent } from '../../probes/file.ts';
import { type BootEntry, defaultBootEntry, parseGrubConfig, withBlsEntries } from '../../probes/grub-config.ts';
import { parseGrubEnvironment } from '../../probes/grub-environment.ts';

/** Which entries there are, and which one the next unattended boot takes. */
export interface BootMenu {
  readonly loader: BootLoader;
  /** Null where neither GRUB's own menu nor BLS entries decide. */
  readonly entries: BootEntries | null;
  readonly bls: BlsMenu | null;
}

/** What the menu is made of where each entry is a file. */
export interface BlsMenu {
  /** In the order of the menu, rescue entries too. */
  readonly files: readonly BlsEntry[];
  readonly environment: FileContent;
  /** Of the environment block, with what grub.cfg sets where the block lacks `kernelopts` (RHEL 8). */
  readonly variables: ReadonlyMap<string, string>;
}

/** @example (await bootMenu(read)).entries?.default?.tokens */
export async function bootMenu(read: Read): Promise<BootMenu> {
  const [loader, usual] = await Promise.all([read(bootLoader()), read(bootEntries('/boot/grub/grub.cfg'))]);
  if (loader.kind === 'bls') return { loader, ...(await blsMenu(read, loader.configFile)) };
  if (loader.kind !== 'grub-mkconfig') return { loader, entries: null, bls: null };
  const { configFile } = loader;
  const entries = configFile === usual.configFile ? usual : await read(bootEntries(configFile));
  return { loader, entries, bls: null };
}

async function blsMenu(read: Read, configFile: string): Promise<Pick<BootMenu, 'entries' | 'bls'>> {
  const [entryFiles, environment, config] = await Promise.all([
    read(directoryFiles(BLS_DIRECTORY, '.conf')),
    read(fileContent(configFile.replace(/[^/]*$/, 'grubenv'))),
    read(fileContent(configFile)),
  ]);
  const source = textOf(config);
  const bls = { files: parseBlsEntries(entryFiles), environment, variables: variablesOf(source, environment) };
  return { bls, entries: entriesOf(bls, configFile, source) };
}

function textOf(file: FileContent): string {
  return file.kind === 'file' ? Buffer.from(file.bytes).toString() : '';
}

/**
 * What grub.cfg sets before `blscfg`: `kernelopts` only for blocks that have none (in Fedora 30 to 33 as
 * `default_kernelopts`, which blscfg takes for it), tuned's parameters whatever the block says (00_tuned).
 */
function variablesOf(config: string, environment: FileContent): ReadonlyMap<string, string> {
  const own = parseGrubEnvironment(textOf(environment));
  const kernelopts = own.get('kernelopts') || /^\s*set (?:default_)?kernelopts="([^"]*)"/m.exec(config)?.[1];
  const tuned = /^set tuned_params="([^"]*)"/m.exec(config)?.[1] ?? own.get('tuned_params');
  return new Map([
    ...own,
    ...(kernelopts === undefined ? [] : [['kernelopts', kernelopts] as const]),
    ...(tuned === undefined ? [] : [['tuned_params', tuned] as const]),
  ]);
}

/** A menu that could not be read still has the entries, and the default is the saved one. */
const BARE_MENU = 'set default="${saved_entry}"\nblscfg\n';

/** The entries as GRUB would boot them with these variables. */
export function entriesOf(bls: BlsMenu, configFile: string, config: string): BootEntries {
  const entries = bls.files.map((file) => bootEntryOf(file, bls.variables));
  const parsed = parseGrubConfig(config);
  const menu = withBlsEntries(parsed.usesBls ? parsed : parseGrubConfig(BARE_MENU), entries);
  return {
    configFile,
    own: entries.filter((_, at) => bls.files[at] && takesParameters(bls.files[at])),
    default: defaultBootEntry(menu, bls.variables) ?? null,
  };
}

function bootEntryOf(entry: BlsEntry, variables: ReadonlyMap<string, string>): BootEntry {
  const { title, id, kernel, initrds, options, isRescue } = entry;
  const tokens = expandOptions(options, variables);
  return { title, id, kernel, initrds, tokens, isRecovery: isRescue, submenus: [], section: null, line: 0 };
}
