import type { Output } from '../contract/command.ts';
import { script } from '../contract/command.ts';
import { type Probe, type ProbeKind, probe, type Reading } from '../contract/probe.ts';
import type { Resource } from '../contract/resource.ts';
import { normaliseModule } from './modprobe-config.ts';
import { recordsOf, text } from './script-kind.ts';

/** What the running kernel knows of one module. */
export interface KernelModule {
  /** With underscores, as the kernel prints it. */
  readonly name: string;
  readonly kernelRelease: string;
  /** /lib/modules of the running kernel is there; without it nothing can be said about what is available. */
  readonly hasIndex: boolean;
  readonly isBuiltin: boolean;
  readonly isAvailable: boolean;
  readonly isLoaded: boolean;
  readonly references: number;
  readonly holders: readonly string[];
  /** Parameters that the kernel lets be read; others have permission 0 and are not there. */
  readonly params: Readonly<Record<string, string>>;
  /** PCI functions its drivers hold. */
  readonly boundDevices: readonly string[];
}

/**
 * One grep over each index for all names: modules.dep is half a megabyte, too much to send and to read in shell.
 * `$1` is a regular expression of the names, the rest are the names with underscores.
 */
const SCRIPT = `IFS= read -r release </proc/sys/kernel/osrelease
echo "release $release"
d=/lib/modules/$release
[ -r "$d/modules.dep" ] && echo index
p="(^|/)($1)\\\\.ko(\\\\.[a-z0-9]+)?(:|\\$)"
[ -r "$d/modules.builtin" ] && grep -E "$p" "$d/modules.builtin" | while IFS= read -r l; do echo "builtin \${l##*/}"; done
[ -r "$d/modules.dep" ] && grep -E "^[^:]*/($1)\\\\.ko(\\\\.[a-z0-9]+)?:" "$d/modules.dep" | while IFS= read -r l; do l=\${l%%:*}; echo "available \${l##*/}"; done
shift
for m do
  s=/sys/module/$m
  [ -d "$s" ] || continue
  for f in "$s"/parameters/*; do
    [ -r "$f" ] && IFS= read -r v <"$f" 2>/dev/null && echo "param $m \${f##*/} $v"
  done
  for f in "$s"/drivers/pci:*/*:*:*.*; do [ -e "$f" ] && echo "bound $m \${f##*/}"; done
done
while read -r n size refs holders rest; do
  for m do [ "$n" = "$m" ] && echo "loaded $n $refs $holders"; done
done </proc/modules
exit 0`;

const kind: ProbeKind<string, KernelModule> = {
  name: 'kernel-module',
  commands: (names) => [script(SCRIPT, [names.map(patternOf).join('|'), ...names.map(normaliseModule)])],
  parse: parseModules,
  predict: (_, value, overlay) => {
    const fact = overlay.fact(moduleResource(value.name)) as { readonly isLoaded?: boolean } | undefined;
    return fact?.isLoaded === undefined ? value : { ...value, isLoaded: fact.isLoaded };
  },
};

/** @example (await read(kernelModule('vfio-pci'))).isBuiltin */
export function kernelModule(name: string): Probe<KernelModule> {
  return probe(kind, normaliseModule(name), [moduleResource(name)]);
}

function moduleResource(name: string): Resource {
  return `module:/${normaliseModule(name)}`;
}

/** File names of modules have either sign. */
function patternOf(name: string): string {
  return normaliseModule(name)
    .replace(/[^A-Za-z0-9_]/g, '')
    .replaceAll('_', '[-_]');
}

function parseModules(names: readonly string[], [output]: readonly Output[]): readonly Reading<KernelModule>[] {
  if (!output || output.truncated || output.code !== 0) {
    const error = output ? text(output.stderr).trim() || `exit status ${output.code}` : 'the host gave no answer';
    return names.map((name) => ({ ok: false, error: `kernel module ${name}: ${error}` }));
  }
  const records = recordsOf(text(output.stdout));
  return names.map((name) => ({ ok: true, value: moduleOf(normaliseModule(name), records) }));
}

function moduleOf(name: string, records: readonly (readonly [string, string])[]): KernelModule {
  const of = (key: string) => records.filter(([record]) => record === key).map(([, value]) => value);
  const own = (key: string) =>
    of(key)
      .map((value) => value.split(' '))
      .filter(([module]) => module === name);
  const isIn = (key: string) => of(key).some((file) => normaliseModule(file.replace(/\.ko.*$/, '')) === name);
  const [loaded] = own('loaded');
  const isBuiltin = isIn('builtin');
  return {
    name,
    kernelRelease: of('release')[0] ?? '',
    hasIndex: of('index').length > 0,
    isBuiltin,
    isAvailable: isBuiltin || isIn('available'),
    isLoaded: loaded !== undefined || isBuiltin,
    references: Number(loaded?.[1] ?? 0),
    holders: (loaded?.[2] ?? '-').split(',').filter((holder) => holder !== '' && holder !== '-'),
    params: Object.fromEntries(own('param').map(([, param = '', ...value]) => [param, value.join(' ')])),
    boundDevices: own('bound').flatMap(([, address]) => address ?? []),
  };
}
