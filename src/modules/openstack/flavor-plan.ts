import type { CallApi } from '../../contract/change.ts';
import { TaskError } from '../../contract/task-error.ts';
import { suggest } from '../../language/suggest.ts';
import type { ComputeApi } from './compute.ts';
import { ALIAS_PROPERTY, type KnownAliases, requestedAliases } from './flavor-aliases.ts';
import type { FlavorArgs } from './flavor-args.ts';
import { FlavorCalls, shownFlavor } from './flavor-changes.ts';
import { idFromName } from './flavor-id.ts';
import type { Flavor } from './flavors.ts';
import { DESCRIBES_FLAVORS, forgetCall, keepCall } from './replaced-flavor.ts';

/** What a decision about one flavor rests on. */
export interface FlavorCurrent {
  readonly api: ComputeApi;
  readonly flavor: Flavor | undefined;
  /** All of the flavor as it was when a replacement began that did not end. */
  readonly kept?: Flavor | undefined;
  /** Another flavor that has the id a new one would get. */
  readonly holderOfId: string | undefined;
  /** Absent when the task asks for no PCI devices. */
  readonly aliases?: KnownAliases;
}

export function planFlavor(args: FlavorArgs, current: FlavorCurrent): readonly CallApi[] {
  const { api, flavor, kept } = current;
  const forget = kept ? [forgetCall(api, args.name)] : [];
  if (args.state === 'absent')
    return [...(flavor ? [new FlavorCalls(api, args.name, undefined).remove(flavor)] : []), ...forget];
  refuseUnknownAliases(args, current.aliases);
  const before = whole(flavor, kept);
  const wanted = wantedFlavor(args, before);
  const calls = new FlavorCalls(api, args.name, wanted);
  if (!flavor || !before) return [...built(calls, wanted, current), ...forget];
  if (differences(flavor, wanted).length === 0) return [...completed(calls, flavor, wanted), ...forget];
  if (!args.replace) throw cannotChange(flavor, wanted);
  refuseUnkept(args, current);
  return [
    keepCall(api, before, kept !== undefined),
    calls.remove(flavor),
    ...built(calls, wanted, current),
    forgetCall(api, args.name),
  ];
}

/** What a run that was interrupted has not put back yet belongs to the flavor all the same. */
function whole(flavor: Flavor | undefined, kept: Flavor | undefined): Flavor | undefined {
  if (!flavor || !kept) return flavor ?? kept;
  return {
    ...flavor,
    properties: { ...kept.properties, ...flavor.properties },
    projects: flavor.isPublic ? [] : [...new Set([...flavor.projects, ...kept.projects])],
  };
}

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
    rxtxFactor: flavor?.rxtxFactor ?? 1,
    isPublic: args.is_public ?? flavor?.isPublic ?? true,
    description: flavor?.description ?? null,
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
  return [calls.create(wanted), ...completed(calls, { ...wanted, projects: [], properties: {} }, wanted)];
}

/** What can be changed in a flavor that is there. */
function completed(calls: FlavorCalls, flavor: Flavor, wanted: Flavor): readonly CallApi[] {
  const projects = wanted.isPublic ? [] : wanted.projects.filter((one) => !flavor.projects.includes(one));
  return [...projects.map((project) => calls.admit(wanted, project)), ...propertyCalls(calls, flavor, wanted)];
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

/** @throws {TaskError} where an interruption would lose what the task does not name */
function refuseUnkept({ name }: FlavorArgs, { api }: FlavorCurrent): void {
  if (api.minor >= DESCRIBES_FLAVORS) return;
  throw new TaskError(
    `Nova's API speaks 2.${api.minor}, and the flavor ${name} can be kept while it is replaced only since 2.${DESCRIBES_FLAVORS}. ` +
      'Nothing was done. Delete it by hand and run again, with all it shall have in the task',
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
