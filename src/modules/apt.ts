import { z } from 'zod';
import type { Change } from '../contract/change.ts';
import type { TaskView } from '../contract/module.ts';
import { defineModule } from '../contract/module.ts';
import type { Read } from '../contract/probe.ts';
import { runCommand } from '../changes/run-command.ts';
import { type PackageState, packageState } from '../probes/package.ts';
import { aptCacheAge, aptCandidate } from '../probes/package-upgrades.ts';
import { aptGet, hasWantedVersion, listed, packageCommand, type WantedPackage, wantedPackage } from './package-plan.ts';

const args = z
  .strictObject({
    name: z.array(z.string().min(1)).default([]).describe('Packages, each as name or name=version'),
    pkg: z.array(z.string().min(1)).optional().describe('Another name of name'),
    state: z.enum(['present', 'latest', 'absent']).default('present').describe('Installed, newest, or gone'),
    update_cache: z.boolean().default(false).describe('Refresh the package lists first, at most once a run'),
    cache_valid_time: z
      .number()
      .int()
      .min(0)
      .default(0)
      .describe('Seconds for which the lists count as fresh; implies update_cache'),
    install_recommends: z
      .boolean()
      .optional()
      .describe('Install recommended packages too. Absent: as the host is configured'),
    default_release: z.string().optional().describe('Release to prefer, as apt-get -t'),
    allow_downgrade: z.boolean().default(false).describe('A lower version than the installed one may be asked for'),
    only_upgrade: z.boolean().default(false).describe('Packages that are not installed are left alone'),
    allow_unauthenticated: z.boolean().default(false).describe('Install what no key vouches for'),
    allow_change_held_packages: z.boolean().default(false).describe('Packages on hold may change too'),
    dpkg_options: z
      .string()
      .regex(/^[a-z-]+(,[a-z-]+)*$/, 'must be options of dpkg such as force-confnew')
      .optional()
      .describe('Options of dpkg instead of force-confdef,force-confold'),
    force_apt_get: z.boolean().optional().describe('Accepted for compatibility: apt-get is what is used'),
    update_cache_retries: z.number().optional().describe('Accepted for compatibility: a task has `retries`'),
    update_cache_retry_max_delay: z.number().optional().describe('Accepted for compatibility: a task has `delay`'),
    purge: z.boolean().default(false).describe('absent: remove configuration files too'),
    autoremove: z.boolean().default(false).describe('absent: remove dependencies that nothing needs any more'),
    lock_timeout: z.number().int().min(0).default(300).describe('Seconds to wait while another program holds the lock'),
  })
  .refine(
    ({ name, pkg, update_cache, cache_valid_time }) =>
      name.length > 0 || pkg !== undefined || update_cache || cache_valid_time > 0,
    {
      error: 'needs name, or update_cache',
    },
  );

type Args = z.output<typeof args>;

export interface AptCurrent {
  readonly packages: readonly PackageState[];
  /** Versions that would be installed, by name; only for latest. */
  readonly candidates: ReadonlyMap<string, string | null>;
  readonly isCacheStale: boolean;
}

export default defineModule<Args, AptCurrent>({
  name: 'apt',
  summary: 'Install, upgrade or remove Debian packages',
  description:
    'Never asks: apt-get runs non-interactively and keeps configuration files that were edited (apt-get(8), dpkg(1) --force-confold). update_cache refreshes the lists at most once a run.',
  args,
  argAliases: {
    package: 'name',
    'update-cache': 'update_cache',
    'install-recommends': 'install_recommends',
    'default-release': 'default_release',
    'allow-downgrade': 'allow_downgrade',
    allow_downgrades: 'allow_downgrade',
    'allow-downgrades': 'allow_downgrade',
    'allow-unauthenticated': 'allow_unauthenticated',
  },
  observe: observeApt,
  plan: (wanted, current) => [...(current.isCacheStale ? [refresh(wanted)] : []), ...planApt(wanted, current)],
  examples: [
    { title: 'Tools', task: 'apt:\n  name: [pciutils, driverctl]\n  update_cache: true\n  cache_valid_time: 3600' },
    { title: 'Without a driver', task: 'apt:\n  name: xserver-xorg-video-nouveau\n  state: absent' },
  ],
});

export function packagesOf({ name, pkg = [] }: Pick<Args, 'name' | 'pkg'>): readonly WantedPackage[] {
  return [...name, ...pkg].flatMap((text) => text.split(',')).map((text) => wantedPackage(text.trim()));
}

async function observeApt(wanted: Args, read: Read, task: TaskView): Promise<AptCurrent> {
  const names = packagesOf(wanted).map(({ name }) => name);
  const needsCache = wanted.update_cache || wanted.cache_valid_time > 0;
  const [packages, candidates, age] = await Promise.all([
    Promise.all(names.map((name) => read(packageState(name)))),
    wanted.state === 'latest' ? Promise.all(names.map((name) => read(aptCandidate(name)))) : [],
    needsCache ? read(aptCacheAge()) : 0,
  ]);
  const freshFor = Math.max(wanted.cache_valid_time, task.runElapsedSeconds + 1);
  return {
    packages,
    candidates: new Map(candidates.map(({ candidate }, index) => [names[index] ?? '', candidate])),
    isCacheStale: needsCache && age > freshFor,
  };
}

/** Touching the directory leaves a time even when no list was new. */
function refresh({ lock_timeout }: Args): Change {
  return runCommand(
    ['/bin/sh', '-c', `apt-get -q -o DPkg::Lock::Timeout=${lock_timeout} update && touch /var/lib/apt/lists`],
    {
      purpose: 'refresh the package lists',
      env: { DEBIAN_FRONTEND: 'noninteractive' },
      touches: ['path:/var/lib/apt', 'path:/var/cache/apt'],
    },
  );
}

function planApt(wanted: Args, current: AptCurrent): readonly Change[] {
  const packages = packagesOf(wanted);
  const installed = new Map(current.packages.map((state) => [state.name, state.installed]));
  if (wanted.state === 'absent')
    return removal(
      wanted,
      packages.filter(({ name }) => installed.get(name) !== null),
    );
  const missing = packages.filter((one) => !isAsWanted(one, installed.get(one.name) ?? null, wanted, current));
  if (missing.length === 0) return [];
  const { install_recommends: recommends, default_release: release } = wanted;
  const options = [
    ...(recommends === undefined ? [] : [recommends ? '--install-recommends' : '--no-install-recommends']),
    ...(release === undefined ? [] : ['-t', release]),
    ...(wanted.allow_downgrade ? ['--allow-downgrades'] : []),
    ...(wanted.allow_unauthenticated ? ['--allow-unauthenticated'] : []),
    ...(wanted.allow_change_held_packages ? ['--allow-change-held-packages'] : []),
  ];
  const predicted = missing.map(({ name, version }) => ({
    name,
    installed: version ?? current.candidates.get(name) ?? 'newest',
  }));
  return [
    packageCommand(
      aptGet(wanted.lock_timeout, ['install', ...options, '--', ...listed(missing)], wanted.dpkg_options?.split(',')),
      `install ${listed(missing).join(', ')}`,
      predicted,
    ),
  ];
}

function isAsWanted(one: WantedPackage, installed: string | null, wanted: Args, current: AptCurrent): boolean {
  if (installed === null && wanted.only_upgrade) return true;
  if (!hasWantedVersion(one, installed)) return false;
  const candidate = current.candidates.get(one.name);
  return (
    wanted.state !== 'latest' ||
    one.version !== undefined ||
    candidate === null ||
    candidate === undefined ||
    candidate === installed
  );
}

function removal(wanted: Args, packages: readonly WantedPackage[]): readonly Change[] {
  if (packages.length === 0) return [];
  const names = packages.map(({ name }) => name);
  const words = [wanted.purge ? 'purge' : 'remove', ...(wanted.autoremove ? ['--auto-remove'] : []), '--', ...names];
  const predicted = names.map((name) => ({ name, installed: null }));
  return [packageCommand(aptGet(wanted.lock_timeout, words), `remove ${names.join(', ')}`, predicted)];
}
