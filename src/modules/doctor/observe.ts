import { dirname } from 'node:path/posix';
import type { TaskView } from '../../contract/module.ts';
import type { Read } from '../../contract/probe.ts';
import { TaskError } from '../../contract/task-error.ts';
import { fileContent } from '../../probes/file.ts';
import { grubDefaults } from '../../probes/grub-defaults.ts';
import { tokenize } from '../../probes/kernel-cmdline-tokens.ts';
import { libvirtDevices } from '../../probes/libvirt-devices.ts';
import { type ConfigPlace, configPlaces } from '../../probes/nova/config-files.ts';
import { parseOslo } from '../../probes/nova/oslo-ini.ts';
import { novaRelease, releaseNumber } from '../../probes/nova/release.ts';
import { type ServiceUnit, serviceUnit } from '../../probes/nova/service-unit.ts';
import { pciTree } from '../../probes/pci.ts';
import { pseudoFile } from '../../probes/pseudo-file.ts';
import type { FileContent } from '../../contract/file-state.ts';
import { bootMenu } from '../gpu/boot-menu.ts';
import { selectGpus } from '../gpu/gpu-cards.ts';
import { wishOf } from '../gpu/wish-args.ts';
import { effectiveAliases } from '../nova/checks.ts';
import { configDirectory } from '../nova/directory-files.ts';
import { environmentOptions, environmentText } from '../nova/environment-options.ts';
import { NEWEST_KNOWN } from '../nova/options.ts';
import type { JsonObject } from '../nova/oslo-json.ts';
import { unitNames } from '../nova/restarts.ts';
import type { DoctorArgs } from './args.ts';
import { attempt } from './attempt.ts';
import { enterCloud, readCloud } from './cloud.ts';
import type { CloudEvidence, CmdlineEvidence, HostEvidence, NovaConfig, NovaRole, NovaService } from './evidence.ts';
import { asksPlacement } from './nova-config.ts';

/** Two frames: what every host has, then the files and devices that the first one named. */
export async function observeHost(args: DoctorArgs, read: Read, task: TaskView): Promise<HostEvidence> {
  const [tree, units, release, cmdline, hostname] = await Promise.all([
    read(pciTree()),
    unitsOf(args, read),
    releaseOf(args, read),
    attempt(readCmdline(read)),
    read(pseudoFile('/proc/sys/kernel/hostname')),
  ]);
  const cards = await attempt(Promise.resolve().then(() => selectGpus(tree.functions, wishOf(args))));
  const addresses = cards.ok ? cards.value.chosen.map(({ head }) => head.address) : [];
  const roles = rolesOf(args, units, addresses.length > 0);
  const [services, libvirt, entrance] = await Promise.all([
    Promise.all(serviceNames(args, units, roles).map((name) => readService(args, name, units, read))),
    attempt(read(libvirtDevices(addresses))),
    roles.includes('controller') ? attempt(enterCloud(args, read, task)) : null,
  ]);
  const cloud = entrance ? await readCloud(entrance, askedAliases(services, release), read) : NO_CLOUD;
  const common = { ...cloud, roles, tree, cards, cmdline, libvirt, release, services };
  const names = { host: task.host, hostname: (hostname ?? '').trim() };
  return { ...common, ...names, isGpuRequired: args.gpu_required, flavors: args.flavors.map(flavorOf) };
}

const NO_CLOUD: CloudEvidence = { apiFlavors: null, computeServices: null, placement: null, freeCards: null };

/** What a controller's scheduler would ask Placement for; null when it does not. */
function askedAliases(services: readonly NovaService[], release: number | null): readonly JsonObject[] | null {
  const known = release ?? NEWEST_KNOWN;
  const asking = services.find(
    ({ role, config }) => role !== 'compute' && config.ok && asksPlacement(config.value.sources, known),
  );
  return asking?.config.ok ? effectiveAliases(asking.config.value.sources, known) : null;
}

function flavorOf({ name, alias, gpus }: DoctorArgs['flavors'][number]) {
  return { name, alias: `${alias}:${gpus}` };
}

async function readCmdline(read: Read): Promise<CmdlineEvidence> {
  const [live, menu, defaults] = await Promise.all([
    read(pseudoFile('/proc/cmdline')),
    bootMenu(read),
    read(grubDefaults()),
  ]);
  return { live: tokenize(live ?? ''), loader: menu.loader, entry: menu.entries?.default ?? null, defaults };
}

async function releaseOf({ release }: DoctorArgs, read: Read): Promise<number | null> {
  return releaseNumber(release) ?? read(novaRelease());
}

async function unitsOf({ controller_units }: DoctorArgs, read: Read): Promise<readonly ServiceUnit[]> {
  const names = ['nova-compute', 'nova-api', 'nova-scheduler', 'nova-conductor', ...controller_units];
  return Promise.all([...new Set(names.flatMap(unitNames))].map((name) => read(serviceUnit(name))));
}

/** Who is what is found out by looking; the inventory's groups add what should be there and is not. */
function rolesOf({ groups }: DoctorArgs, units: readonly ServiceUnit[], hasCards: boolean): HostEvidence['roles'] {
  const runs = (name: string) => unitOf(name, units) !== null;
  const isController =
    groups.includes('nova_controllers') || ['nova-api', 'nova-scheduler', 'nova-conductor'].some(runs);
  const isCompute = groups.includes('gpu_hosts') || (runs('nova-compute') && hasCards) || (hasCards && !isController);
  return [...(isCompute ? (['compute'] as const) : []), ...(isController ? (['controller'] as const) : [])];
}

function unitOf(name: string, units: readonly ServiceUnit[]): ServiceUnit | null {
  return units.find((unit) => unit.isLoaded && unitNames(name).includes(unit.name)) ?? null;
}

/** Services a host has, and those it must have for what it is; a controller may leave some to another one. */
function serviceNames(
  { controller_units }: DoctorArgs,
  units: readonly ServiceUnit[],
  roles: HostEvidence['roles'],
): readonly string[] {
  const compute = roles.includes('compute') ? ['nova-compute'] : [];
  if (!roles.includes('controller')) return compute;
  const names = [...new Set(['nova-api', 'nova-conductor', 'nova-scheduler', ...controller_units])];
  const found = names.filter((name) => unitOf(name, units) !== null);
  return [...compute, ...(found.length > 0 ? found : ['nova-api', 'nova-scheduler'])];
}

async function readService(
  args: DoctorArgs,
  name: string,
  units: readonly ServiceUnit[],
  read: Read,
): Promise<NovaService> {
  const role = novaRole(name);
  const unit = unitOf(name, units);
  return { role, name: unit?.name ?? name, unit, config: await attempt(readConfig(args, { role, unit }, read)) };
}

/** Anything that is no service of Nova's own stands in for nova-api: a web server. */
function novaRole(name: string): NovaRole {
  const own = { 'nova-compute': 'compute', 'nova-scheduler': 'scheduler', 'nova-conductor': 'conductor' } as const;
  return Object.entries(own).find(([service]) => service === name)?.[1] ?? 'api';
}

async function readConfig(
  { compute_conf, controller_conf }: DoctorArgs,
  { role, unit }: { readonly role: NovaRole; readonly unit: ServiceUnit | null },
  read: Read,
): Promise<NovaConfig> {
  const path = role === 'compute' ? compute_conf : controller_conf;
  const [override] = environmentOptions(unit ? [unit] : []).filter(({ section }) => JUDGED.includes(section));
  if (override) throw new TaskError(environmentText(override));
  // A web server's command line says nothing of Nova's files; oslo.config then takes the project's defaults.
  const { places, source } = configPlaces(path, unit?.name.includes('nova') ? unit : undefined);
  const found = (await Promise.all(places.map((place) => filesAt(place, read)))).flat();
  const own =
    found.some((file) => file.path === path) || dirname(path) === '/etc/nova' ? [] : [await read(fileContent(path))];
  const files = [...found, ...own].filter((file) => file.kind === 'file');
  return { files, source, sources: files.map((file) => ({ path: file.path, file: parseOslo(textOf(file)) })) };
}

/** Sections whose options the links rest on. */
const JUDGED: readonly string[] = ['pci', 'filter_scheduler'];

async function filesAt({ kind, path }: ConfigPlace, read: Read): Promise<readonly FileContent[]> {
  return kind === 'directory' ? configDirectory(path, read) : [await read(fileContent(path))];
}

function textOf(file: Extract<FileContent, { kind: 'file' }>): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(file.bytes);
  } catch {
    throw new TaskError(`${file.path} is not UTF-8 text; Nova cannot read it either`);
  }
}
