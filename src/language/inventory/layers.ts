import { join, resolve } from 'node:path';
import type { VarsLayer } from '../playbook/types.ts';
import type { Draft } from './draft.ts';
import type { Graph } from './graph.ts';
import { findHost, implicitLayer, isImplicitLocalhost } from './localhost.ts';
import type { InventoryHost, RankedLayer } from './types.ts';
import { findVarsFiles, readVarsFile } from './vars-files.ts';
import type { ReadTextOptions } from './read-text.ts';

interface LayersInput {
  readonly draft: Draft;
  readonly graph: Graph;
  /** Where group_vars/ and host_vars/ of the inventory are, in order of the sources. */
  readonly directories: readonly string[];
  readonly fileLayers: FileLayers;
}

export type Folder = 'group_vars' | 'host_vars';
/** The layers of one name's files, each file read once. */
export type FileLayers = (directory: string, folder: Folder, name: string) => readonly VarsLayer[];

/** Levels 3 to 10 of Ansible's order of precedence (docs.ansible.com: "Understanding variable precedence"). */
export function createLayers(
  input: LayersInput,
): (host: string, playbookDirectory: string | undefined) => readonly RankedLayer[] {
  const known = new Map<string, readonly RankedLayer[]>();
  return (name, playbookDirectory) => {
    const key = JSON.stringify([name, playbookDirectory]);
    const layers = known.get(key) ?? layersOf(findHost(name, input.graph), playbookDirectory, input);
    known.set(key, layers);
    return layers;
  };
}

export function cachedFileLayers(options: ReadTextOptions): FileLayers {
  const known = new Map<string, readonly VarsLayer[]>();
  return (directory, folder, name) => {
    // The inventory's directory may be the playbook's under another name: what is wrong there is said once.
    const key = resolve(directory, folder, name);
    const layers =
      known.get(key) ??
      findVarsFiles(join(directory, folder), name, options.problems).flatMap(
        (file) => readVarsFile(file, options) ?? [],
      );
    known.set(key, layers);
    return layers;
  };
}

function layersOf(
  host: InventoryHost | undefined,
  playbookDirectory: string | undefined,
  { draft, graph, directories, fileLayers }: LayersInput,
): readonly RankedLayer[] {
  if (!host) return [];
  const beside = playbookDirectory === undefined ? [] : [playbookDirectory];
  const groups = host.groups.filter((name) => name !== 'all');
  // Directories outside, names inside: a later directory's parent group wins over an earlier one's child.
  const files = (where: readonly string[], folder: Folder, names: readonly string[]) =>
    where.flatMap((directory) => names.flatMap((name) => fileLayers(directory, folder, name)));
  const implicit = isImplicitLocalhost(host.name, graph) ? [implicitLayer] : [];
  return [
    ...ranked(
      3,
      host.groups.flatMap((name) => draft.groups.get(name)?.layers ?? []),
    ),
    ...ranked(4, files(directories, 'group_vars', ['all'])),
    ...ranked(5, files(beside, 'group_vars', ['all'])),
    ...ranked(6, files(directories, 'group_vars', groups)),
    ...ranked(7, files(beside, 'group_vars', groups)),
    ...ranked(8, [...implicit, ...(draft.hosts.get(host.name) ?? [])]),
    ...ranked(9, files(directories, 'host_vars', [host.name])),
    ...ranked(10, files(beside, 'host_vars', [host.name])),
  ];
}

function ranked(level: number, layers: readonly VarsLayer[]): readonly RankedLayer[] {
  return layers.map((layer) => ({ ...layer, level }));
}
