import type { RunCommand } from '../contract/change.ts';
import { runCommand } from '../changes/run-command.ts';
import { TaskError } from '../contract/task-error.ts';
import { packageResource, type PackageState } from '../probes/package.ts';

/** A name, perhaps with the version to have: `nova-compute=3:27.*`. */
export interface WantedPackage {
  readonly name: string;
  readonly version: string | undefined;
}

/** @example wantedPackage('qemu-kvm=1:8.0') // { name: 'qemu-kvm', version: '1:8.0' } */
export function wantedPackage(text: string): WantedPackage {
  const equals = text.indexOf('=');
  const wanted =
    equals < 0 ? { name: text, version: undefined } : { name: text.slice(0, equals), version: text.slice(equals + 1) };
  if (wanted.version === '' || /\s/.test(text))
    throw new TaskError(`'${text}' is no package: write name or name=version`);
  return wanted;
}

/** Versions may hold `*`, as apt-get(8) allows. */
export function hasWantedVersion({ version }: WantedPackage, installed: string | null): boolean {
  if (installed === null || version === undefined) return installed !== null;
  const pattern = version
    .split('*')
    .map(RegExp.escape ?? escapeForPattern)
    .join('.*');
  return new RegExp(`^${pattern}$`).test(installed);
}

function escapeForPattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

/** Installing runs maintainer scripts, which add users, start services and write below these. */
const INSTALL_TOUCHES = [
  'package:/',
  'service:/',
  'user:/',
  'module:/',
  'kernel:/',
  'path:/boot',
  'path:/etc',
  'path:/usr',
  'path:/var',
  'path:/lib',
  'path:/run',
] as const;

/** Milliseconds: kernels and drivers with their initramfs take minutes each. */
const INSTALL_DEADLINE_MS = 60 * 60_000;

/** An apt-get or dnf call that changes which packages are installed. */
export function packageCommand(
  argv: RunCommand['argv'],
  purpose: string,
  predicted: readonly PackageState[],
): RunCommand {
  return runCommand(argv, {
    purpose,
    env: { DEBIAN_FRONTEND: 'noninteractive', NEEDRESTART_SUSPEND: '1', APT_LISTCHANGES_FRONTEND: 'none' },
    deadlineMs: INSTALL_DEADLINE_MS,
    touches: INSTALL_TOUCHES,
    predicts: predicted.map((state) => ({ resource: packageResource(state.name), value: state })),
  });
}

/** Configuration files that were edited stay, and nobody is asked (dpkg(1)). */
const DPKG_OPTIONS = ['force-confdef', 'force-confold'];

/** @param lockSeconds to wait while another program (unattended upgrades, most often) holds dpkg's lock */
export function aptGet(
  lockSeconds: number,
  words: readonly string[],
  dpkgOptions: readonly string[] = DPKG_OPTIONS,
): RunCommand['argv'] {
  const forDpkg = dpkgOptions.flatMap((option) => ['-o', `Dpkg::Options::=--${option}`]);
  const options = ['-y', '-q', '-o', `DPkg::Lock::Timeout=${lockSeconds}`, ...forDpkg];
  return ['apt-get', ...options, ...words];
}

export function listed(packages: readonly WantedPackage[]): readonly string[] {
  return packages.map(({ name, version }) => (version === undefined ? name : `${name}=${version}`));
}
