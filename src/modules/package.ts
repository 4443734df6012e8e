import { z } from 'zod';
import type { Change } from '../contract/change.ts';
import { defineModule } from '../contract/module.ts';
import type { Read } from '../contract/probe.ts';
import { TaskError } from '../contract/task-error.ts';
import { packageManager, type PackageState, packageState } from '../probes/package.ts';
import { aptCandidate, isDnfUpgradable } from '../probes/package-upgrades.ts';
import { aptGet, hasWantedVersion, listed, packageCommand, type WantedPackage, wantedPackage } from './package-plan.ts';

const args = z.strictObject({
  name: z.array(z.string().min(1)).nonempty().describe('Packages, each as name or name=version'),
  state: z
    .enum(['present', 'installed', 'latest', 'absent', 'removed'])
    .default('present')
    .describe('Installed, newest, or gone'),
  use: z
    .enum(['auto', 'apt', 'dnf'])
    .default('auto')
    .describe('Which package manager; auto takes the one that is there'),
});

type Args = z.output<typeof args>;

interface Current {
  readonly manager: 'apt-get' | 'dnf';
  readonly packages: readonly PackageState[];
  /** Names with a newer version; only for latest. */
  readonly upgradable: ReadonlySet<string>;
}

const LOCK_SECONDS = 300;

export default defineModule<Args, Current>({
  name: 'package',
  summary: 'Install, upgrade or remove packages with the host’s package manager',
  description: 'Works with apt-get and dnf. Package names differ between distributions; use a variable for them.',
  args,
  observe,
  plan(wanted, { manager, packages, upgradable }) {
    const installed = new Map(packages.map((state) => [state.name, state.installed]));
    const all = wanted.name.map(wantedPackage);
    if (wanted.state === 'absent' || wanted.state === 'removed')
      return removal(
        manager,
        all.filter(({ name }) => installed.get(name) !== null),
      );
    const missing = all.filter(
      (one) => !hasWantedVersion(one, installed.get(one.name) ?? null) || upgradable.has(one.name),
    );
    return installation(manager, missing);
  },
  examples: [{ title: 'One tool', task: 'package:\n  name: pciutils\n  state: present' }],
});

async function observe({ name, state, use }: Args, read: Read): Promise<Current> {
  const names = name.map((text) => wantedPackage(text).name);
  const [found, packages] = await Promise.all([
    use === 'auto' ? read(packageManager()) : use,
    Promise.all(names.map((one) => read(packageState(one)))),
  ]);
  const manager = found === 'apt' ? 'apt-get' : found;
  if (manager !== 'apt-get' && manager !== 'dnf')
    throw new TaskError(`packages are managed with apt-get or dnf; this host has ${manager}: use a command task`);
  const newer = state === 'latest' ? await Promise.all(names.map((one) => isUpgradable(manager, one, read))) : [];
  return { manager, packages, upgradable: new Set(names.filter((_, index) => newer[index] === true)) };
}

async function isUpgradable(manager: Current['manager'], name: string, read: Read): Promise<boolean> {
  if (manager === 'dnf') return read(isDnfUpgradable(name));
  const { installed, candidate } = await read(aptCandidate(name));
  return candidate !== null && candidate !== installed;
}

function installation(manager: Current['manager'], packages: readonly WantedPackage[]): readonly Change[] {
  if (packages.length === 0) return [];
  const words = listed(packages);
  const argv = manager === 'dnf' ? dnf('install', packages) : aptGet(LOCK_SECONDS, ['install', '--', ...words]);
  const predicted = packages.map(({ name, version }) => ({ name, installed: version ?? 'newest' }));
  return [packageCommand(argv, `install ${words.join(', ')}`, predicted)];
}

function removal(manager: Current['manager'], packages: readonly WantedPackage[]): readonly Change[] {
  if (packages.length === 0) return [];
  const names = packages.map(({ name }) => name);
  const argv = manager === 'dnf' ? dnf('remove', packages) : aptGet(LOCK_SECONDS, ['remove', '--', ...names]);
  return [
    packageCommand(
      argv,
      `remove ${names.join(', ')}`,
      names.map((name) => ({ name, installed: null })),
    ),
  ];
}

/** dnf(8) writes a version behind a dash. */
function dnf(verb: 'install' | 'remove', packages: readonly WantedPackage[]): readonly [string, ...string[]] {
  const words = packages.map(({ name, version }) => (version === undefined ? name : `${name}-${version}`));
  return ['dnf', '-y', '-q', verb, '--', ...words];
}
