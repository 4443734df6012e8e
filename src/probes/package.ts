import { type Output, script } from '../contract/command.ts';
import { type Probe, type ProbeKind, probe, type Reading } from '../contract/probe.ts';
import { UNKNOWN } from '../contract/probe.ts';
import type { Resource } from '../contract/resource.ts';
import { TaskError } from '../contract/task-error.ts';
import { failed, fuse, succeeded } from './fuse.ts';

export type PackageManager = 'apt' | 'dnf';

/** Versions are null where there is none: not installed, or offered by no repository. */
export interface PackageState {
  readonly name: string;
  readonly installed: string | null;
}

/** Names of Debian (deb-control(5)) and RPM packages, with an architecture where wanted: `libc6:i386`. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9+._-]*(?::[a-z0-9-]+)?$/;

const STATE_SCRIPT = `
if command -v dpkg-query >/dev/null; then
  dpkg-query -W -f='\${binary:Package}|\${Package}|\${Architecture}|\${db:Status-Status}|\${Version}\\n' -- "$@" 2>/dev/null
elif command -v rpm >/dev/null; then
  rpm -q --qf '%{NAME}|%{NAME}|%{ARCH}|installed|%|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE}\\n' -- "$@" 2>/dev/null
else echo 'this host has neither dpkg nor rpm' >&2; exit 1
fi
exit 0`;

const stateKind: ProbeKind<string, PackageState> = {
  name: 'package-state',
  ...fuse({
    group: () => '',
    size: 500,
    command: (names: readonly string[]) => script(STATE_SCRIPT, names),
    parse: parseStates,
  }),
  predict: (name, _value, overlay) => {
    const planned = overlay.fact(packageResource(name));
    return isPackageState(planned) ? planned : UNKNOWN;
  },
};

/**
 * Whether a package is installed, and in which version. A package that is half installed counts as absent.
 * @throws {TaskError} for what cannot be a package name
 * @example await read(packageState('pciutils')) // { name: 'pciutils', installed: '1:3.9.0-4' }
 */
export function packageState(name: string): Probe<PackageState> {
  if (!NAME.test(name)) throw new TaskError(`'${name}' is no package name`);
  return probe(stateKind, name, [packageResource(name)]);
}

export function packageResource(name: string): Resource {
  return `package:/${name}`;
}

function isPackageState(value: unknown): value is PackageState {
  return typeof value === 'object' && value !== null && 'installed' in value;
}

function parseStates(names: readonly string[], output: Output): readonly Reading<PackageState>[] {
  if (output.code !== 0) return names.map(() => failed(Buffer.from(output.stderr).toString().trim()));
  const rows = Buffer.from(output.stdout)
    .toString()
    .split('\n')
    .map((line) => line.split('|'))
    .filter(([, , , status]) => status === 'installed');
  return names.map((name) => succeeded({ name, installed: rows.find((row) => isNamed(row, name))?.[4] ?? null }));
}

/** dpkg prints `libc6:amd64` for packages of several architectures, whichever way they were asked for. */
function isNamed([binary, plain, architecture]: readonly string[], name: string): boolean {
  return name === binary || name === plain || name === `${plain}:${architecture}`;
}

const MANAGER_SCRIPT = `
for m in apt-get dnf zypper apk pacman yum microdnf rpm-ostree; do
  if command -v "$m" >/dev/null; then echo "$m"; exit 0; fi
done
echo none`;

const managerKind: ProbeKind<null, string> = {
  name: 'package-manager',
  commands: (subjects) => subjects.map(() => script(MANAGER_SCRIPT)),
  parse: (subjects, outputs) =>
    subjects.map((_, index) =>
      succeeded(
        Buffer.from(outputs[index]?.stdout ?? [])
          .toString()
          .trim(),
      ),
    ),
  predict: (_, value) => value,
};

/** The first package manager found, by its program: `apt-get`, `dnf`, …, or `none`. */
export function packageManager(): Probe<string> {
  return probe(managerKind, null, ['path:/usr/bin']);
}
