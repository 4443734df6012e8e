import { dirname } from 'node:path/posix';
import type { FileContent } from '../../contract/file-state.ts';
import type { Read } from '../../contract/probe.ts';
import { TaskError } from '../../contract/task-error.ts';
import { fileContent } from '../../probes/file.ts';
import { type ConfigPlace, type ConfigPlaces, configPlaces } from '../../probes/nova/config-files.ts';
import { novaRelease, releaseNumber } from '../../probes/nova/release.ts';
import { type ServiceUnit, serviceUnit } from '../../probes/nova/service-unit.ts';
import { type PciFunction, pciTree } from '../../probes/pci.ts';
import type { NovaConfArgs } from './args.ts';
import type { HostFunction } from './cross-check.ts';
import { configDirectory } from './directory-files.ts';
import { unitNames } from './restarts.ts';

/** What a decision about Nova's configuration on one host rests on. */
export interface Current {
  /** What the service reads, in order; `path` is among them even when it does not exist yet. */
  readonly files: readonly FileContent[];
  readonly source: string;
  readonly release: number | null;
  readonly units: readonly ServiceUnit[];
  readonly functions?: readonly HostFunction[];
}

export async function observe(args: NovaConfArgs, read: Read): Promise<Current> {
  const [units, release, functions] = await Promise.all([
    unitsOf(args, read),
    releaseOf(args, read),
    functionsOf(args, read),
  ]);
  const { places, source } = placesOf(args, units);
  const files = (await Promise.all(places.map((place) => filesAt(place, read)))).flat();
  const own = files.some((file) => file.path === args.path) ? [] : [await ownFile(args, { places, source }, read)];
  return { files: present([...files, ...own], args.path), source, release, units, ...(functions && { functions }) };
}

/** Both spellings of each unit; the one a host has is loaded. */
async function unitsOf(args: NovaConfArgs, read: Read): Promise<readonly ServiceUnit[]> {
  const names = [...(args.service ? [args.service] : []), ...args.restart, ...args.restart_if_present].flatMap(
    unitNames,
  );
  return Promise.all([...new Set(names)].map((name) => read(serviceUnit(name))));
}

async function releaseOf({ release }: NovaConfArgs, read: Read): Promise<number | null> {
  if (release === 'auto') return read(novaRelease());
  const given = releaseNumber(release);
  if (given === undefined)
    throw new TaskError(`release: ${JSON.stringify(release)} is no Nova release; write it as "2025.1", "zed" or "31"`);
  return given;
}

/** The functions of a host that is told which cards to give away, or what they are called: an alias must fit those here. */
async function functionsOf(
  { cross_check, pci }: NovaConfArgs,
  read: Read,
): Promise<readonly HostFunction[] | undefined> {
  const isAbout = [pci.device_spec, pci.alias].some(
    (goal) => goal?.exactly !== undefined || goal?.contains !== undefined,
  );
  return cross_check && isAbout ? (await read(pciTree())).functions.filter(isKnownToNova).map(hostFunction) : undefined;
}

/** Nova leaves functions in 32-bit domains (Intel VMD) alone. */
function isKnownToNova({ address }: PciFunction): boolean {
  return address.indexOf(':') === 4;
}

function hostFunction({ address, vendor, device, novaType, physfn }: PciFunction): HostFunction {
  return { address, vendor, device, type: novaType, ...(physfn === null ? {} : { parent: physfn }) };
}

function placesOf(args: NovaConfArgs, units: readonly ServiceUnit[]): ConfigPlaces {
  if (args.files || args.config_dirs) {
    const files = (args.files ?? [args.path]).map((path): ConfigPlace => ({ kind: 'file', path }));
    const directories = (args.config_dirs ?? []).map((path): ConfigPlace => ({ kind: 'directory', path }));
    return { places: [...files, ...directories], source: "the task's `files` and `config_dirs`" };
  }
  const isMeant = (unit: ServiceUnit) => args.service === undefined || unitNames(args.service).includes(unit.name);
  return configPlaces(
    args.path,
    units.find((unit) => unit.isLoaded && isMeant(unit)),
  );
}

async function filesAt({ kind, path }: ConfigPlace, read: Read): Promise<readonly FileContent[]> {
  return kind === 'directory' ? configDirectory(path, read) : [await read(fileContent(path))];
}

/** A file that is not there yet may still be one the service will read: in a directory it reads. */
async function ownFile({ path }: NovaConfArgs, { places, source }: ConfigPlaces, read: Read): Promise<FileContent> {
  const isRead = places.some(
    (place) => place.kind === 'directory' && place.path === dirname(path) && path.endsWith('.conf'),
  );
  if (isRead) return read(fileContent(path));
  throw new TaskError(
    `${path} is not read by the service: according to ${source} it reads ${places.map((place) => place.path).join(', ')}`,
  );
}

/** Each file once; of those that do not exist only the task's own. */
function present(files: readonly FileContent[], path: string): readonly FileContent[] {
  const byPath = new Map(files.toReversed().map((file) => [file.path, file]));
  return files.filter((file) => byPath.get(file.path) === file && (file.kind !== 'absent' || file.path === path));
}
