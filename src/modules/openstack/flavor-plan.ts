import { createHash } from 'node:crypto';
import type { CallApi } from '../../contract/change.ts';
import { TaskError } from '../../contract/task-error.ts';
import { suggest } from '../../language/suggest.ts';
import type { ComputeApi } from './compute.ts';
import { ALIAS_PROPERTY, type KnownAliases, requestedAliases } from './flavor-aliases.ts';
import type { FlavorArgs } from './flavor-args.ts';
import { FlavorCalls, shownFlavor } from './flavor-changes.ts';
import type { Flavor } from './flavors.ts';

/** What a decision about one flavor rests on. */
export interface FlavorCurrent {
  readonly api: ComputeApi;
  readonly flavor: Flavor | undefined;
  /** Another flavor that has the id a new one would get. */
  readonly holderOfId: string | undefined;
  /** Absent when the task asks for no PCI devices. */
  readonly aliases?: KnownAliases;
}

export function planFlavor(args: FlavorArgs, current: FlavorCurrent): readonly CallApi[] {
  const { api, flavor } = current;
  if (args.state === 'absent') return flavor ? [new FlavorCalls(api, args.name, undefined).remove(flavor)] : [];
  refuseUnknownAliases(args, current.aliases);
  const wanted = wantedFlavor(args, flavor);
  const calls = new FlavorCalls(api, args.name, wanted);
  if (!flavor) return built(calls, wanted, current);
  if (differences(flavor, wanted).length === 0) return propertyCalls(calls, flavor, wanted);
  if (!args.replace) throw cannotChange(flavor, wanted);
  return [calls.remove(flavor), ...built(calls, wanted, current)];
}

/** A UUID (version 5) of the name: the plan is the same every time, and so is the id in every region. */
export function idFromName(name: string): string {
  const hash = createHash('sha1').update(NAMESPACE).update(name).digest();
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x50;
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  return hash.toString('hex', 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** RFC 4122, appendix C: names below this one are DNS names. */
const DNS = Buffer.from('6ba7b8109dad11d180b400c04fd430c8', 'hex');
const NAMESPACE = Buffer.concat([DNS, Buffer.from('flavor.nova.openstack.org/')]);

function wantedFlavor(args: FlavorArgs, flavor: Flavor | undefined): Flavor {
  if (!flavor && (args.vcpus === undefined || args.ram === undefined))
    throw new TaskError(`there is no flavor ${args.name}, and to create it the task must say vcpus and ram`);
  return {
    id: args.id ?? flavor?.id ?? idFromName(args.name),
    name: args.name,
    vcpus: args.vcpus ?? flavor?.vcpus ?? 0,
    ram: args.ram ?? flavor?.ram ?? 0,
    disk: args.disk ?? flavor?.disk ?? 0,
    ephemeral: args.ephemeral ?? flavor?.ephemeral ?? 0,
    swap: args.swap ?? flavor?.swap ?? 0,
    isPublic: args.is_public ?? flavor?.isPublic ?? true,
    properties: wantedProperties(args, flavor),
    projects: flavor?.projects ?? [],
  };
}

function wantedProperties({ properties, exactly }: FlavorArgs, flavor: Flavor | undefined): Flavor['properties'] {
  const all = { ...(exactly ? {} : flavor?.properties), ...properties };
  return Object.fromEntries(Object.entries(all).flatMap(([key, value]) => (value === null ? [] : [[key, value]])));
}

function built(calls: FlavorCalls, wanted: Flavor, { holderOfId }: FlavorCurrent): readonly CallApi[] {
  if (holderOfId !== undefined)
    throw new TaskError(
      `the id ${wanted.id} for the flavor ${wanted.name} belongs to the flavor ${holderOfId}; give another \`id\``,
    );
  const projects = wanted.isPublic ? [] : wanted.projects;
  return [
    calls.create(wanted),
    ...projects.map((project) => calls.admit(wanted, project)),
    ...propertyCalls(calls, { ...wanted, properties: {} }, wanted),
  ];
}

function propertyCalls(calls: FlavorCalls, flavor: Flavor, wanted: Flavor): readonly CallApi[] {
  const surplus = Object.keys(flavor.properties).filter((key) => !Object.hasOwn(wanted.properties, key));
  const differing = Object.entries(wanted.properties).filter(([key, value]) => flavor.properties[key] !== value);
  return [
    ...surplus.map((key) => calls.removeProperty(flavor, key)),
    ...(differing.length > 0 ? [calls.setProperties(flavor, Object.fromEntries(differing))] : []),
  ];
}

/** Names of what Nova cannot change in a flavor. */
function differences(flavor: Flavor, wanted: Flavor): readonly string[] {
  const [is, shall] = [shownFlavor(flavor), shownFlavor(wanted)];
  const names = [...new Set([...Object.keys(is), ...Object.keys(shall)])];
  return names
    .filter((name) => is[name] !== shall[name])
    .map((name) => `${name} is ${is[name] ?? 0}, wanted ${shall[name] ?? 0}`);
}

function cannotChange(flavor: Flavor, wanted: Flavor): TaskError {
  return new TaskError(
    `the flavor ${flavor.name} differs in what Nova cannot change: ${differences(flavor, wanted).join('; ')}. ` +
      'Nothing was done. Give the new size another name, or say `replace: true` to delete the flavor and create it anew: ' +
      'servers keep the size they were created with, but refer to a flavor that is then another one',
  );
}

function refuseUnknownAliases({ name, properties }: FlavorArgs, aliases: KnownAliases | undefined): void {
  if (!aliases?.isKnown) return;
  const asked = requestedAliases(properties[ALIAS_PROPERTY] ?? '');
  const unknown = asked.find((alias) => !aliases.names.includes(alias));
  if (unknown === undefined) return;
  const hint = suggest(unknown, aliases.names);
  throw new TaskError(
    `the flavor ${name} asks for the PCI alias ${unknown}${hint ? ` (did you mean ${hint}?)` : ''}, but ${aliases.source} defines ` +
      `${aliases.names.join(', ') || 'none'}: nova-api would answer 400 to every server of this flavor. Define it with nova-conf first`,
  );
}
