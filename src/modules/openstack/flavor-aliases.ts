import { type Read, ProbeError } from '../../contract/probe.ts';
import { TaskError } from '../../contract/task-error.ts';
import { allValues } from '../../probes/nova/effective-config.ts';
import { novaConfArgs } from '../nova/args.ts';
import { observe } from '../nova/observe.ts';
import { aliasNames, NEWEST_KNOWN } from '../nova/options.ts';
import { isObject, readObjects } from '../nova/oslo-json.ts';
import { osloText, sourceOf } from '../nova/oslo-text.ts';

/** The extra spec by which a flavor asks for PCI devices. */
export const ALIAS_PROPERTY = 'pci_passthrough:alias';

/** Names a flavor may ask for, and who says so; or why that is not known. */
export type KnownAliases =
  | { readonly isKnown: true; readonly names: readonly string[]; readonly source: string }
  | { readonly isKnown: false; readonly why: string };

/** Nova's own pattern. Source: nova `api/validation/extra_specs/pci_passthrough.py`. */
const ALIAS_VALUE = /^[^:]+:\d+(?:\s*,\s*[^:]+:\d+)*$/;

/** Why Nova would refuse the value, or choke on it when a server is created. */
export function aliasFault(value: string): string | undefined {
  if (!ALIAS_VALUE.test(value))
    return `must be name:count, several separated by commas, such as "a100:1"; this is ${JSON.stringify(value)}`;
  return /:0+\s*(,|$)/.test(value) ? `asks for 0 devices: ${JSON.stringify(value)}` : undefined;
}

/** @example requestedAliases('a100:1, t4:2') // ['a100', 't4'] */
export function requestedAliases(value: string): readonly string[] {
  return value.split(',').map((one) => one.slice(0, one.lastIndexOf(':')).trim());
}

/** The aliases nova.conf of this host gives nova-api, from all files it reads. */
export async function aliasesOfHost(path: string, read: Read): Promise<KnownAliases> {
  try {
    const { files, release } = await observe(novaConfArgs.parse({ path, service: 'nova-api' }), read);
    const present = files.filter((file) => file.kind === 'file');
    if (present.length === 0) return { isKnown: false, why: `there is no ${path} on the host that asked` };
    const sources = present.map((file) => sourceOf(osloText(file.path, Buffer.from(file.bytes).toString('utf8'))));
    const values = allValues(sources, aliasNames(release ?? NEWEST_KNOWN));
    const names = values
      .flatMap(({ value }) => readObjects(value) ?? [])
      .filter(isObject)
      .map(({ name }) => String(name));
    return { isKnown: true, names, source: present.map((file) => file.path).join(', ') };
  } catch (error) {
    // Only root and nova may read it; who has no rights there may still create flavors.
    if (error instanceof ProbeError || error instanceof TaskError) return { isKnown: false, why: error.message };
    throw error;
  }
}
