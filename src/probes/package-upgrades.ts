import { type Output, script } from '../contract/command.ts';
import { type Probe, type ProbeKind, probe, type Reading, UNKNOWN } from '../contract/probe.ts';
import { failed, fuse, succeeded } from './fuse.ts';
import { packageResource } from './package.ts';

export interface AptCandidate {
  readonly installed: string | null;
  readonly candidate: string | null;
}

const candidateKind: ProbeKind<string, AptCandidate> = {
  name: 'apt-candidate',
  ...fuse({
    group: () => '',
    size: 500,
    command: (names: readonly string[]) => script('apt-cache policy -- "$@"', names),
    parse: parsePolicy,
  }),
  predict: () => UNKNOWN,
};

/** What apt would install of a package, by the lists the host has now. Source: apt-cache(8), policy. */
export function aptCandidate(name: string): Probe<AptCandidate> {
  return probe(candidateKind, name, [packageResource(name), 'path:/var/lib/apt/lists']);
}

/** A block for each name apt knows: `name:`, `  Installed: (none)`, `  Candidate: 1.2`. */
export function parsePolicy(names: readonly string[], output: Output): readonly Reading<AptCandidate>[] {
  if (output.code !== 0)
    return names.map(() => failed(Buffer.from(output.stderr).toString().trim() || 'apt-cache failed'));
  const blocks = Buffer.from(output.stdout)
    .toString()
    .split(/^(?=\S+:$)/m);
  const byName = new Map(blocks.map((block) => [block.slice(0, block.indexOf(':\n')), block]));
  return names.map((name) => {
    const block = byName.get(name) ?? '';
    return succeeded({ installed: fieldOf(block, 'Installed'), candidate: fieldOf(block, 'Candidate') });
  });
}

function fieldOf(block: string, name: string): string | null {
  const value = new RegExp(`^  ${name}: (.*)$`, 'm').exec(block)?.[1];
  return value === undefined || value === '(none)' ? null : value;
}

const dnfKind: ProbeKind<string, boolean> = {
  name: 'dnf-upgradable',
  ...fuse({
    group: () => '',
    size: 500,
    command: (names: readonly string[]) => script('dnf -q check-update -- "$@"', names),
    parse: (names, output) => {
      // dnf(8): 100 means that updates are listed, 0 that there are none.
      if (output.code !== 0 && output.code !== 100)
        return names.map(() => failed(Buffer.from(output.stderr).toString().trim()));
      const listed = Buffer.from(output.stdout)
        .toString()
        .split('\n')
        .map((line) => line.split(/[.\s]/, 1)[0] ?? '');
      return names.map((name) => succeeded(listed.includes(name)));
    },
  }),
  predict: () => UNKNOWN,
};

/** Whether a repository has a newer version of an installed package. */
export function isDnfUpgradable(name: string): Probe<boolean> {
  return probe(dnfKind, name, [packageResource(name)]);
}

/** Images are made small by emptying the directory of lists, which makes it look as if they had just come. */
const AGE = `date +%s
for list in /var/lib/apt/lists/*_*; do
  [ -f "$list" ] && stat -c %Y /var/lib/apt/periodic/update-success-stamp /var/lib/apt/lists 2>/dev/null
  exit 0
done`;

const ageKind: ProbeKind<null, number> = {
  name: 'apt-cache-age',
  commands: (subjects) => subjects.map(() => script(AGE)),
  parse: (subjects, outputs) => subjects.map((_, index) => ageOf(outputs[index])),
  predict: (_, value) => value,
};

/** Seconds since the package lists were refreshed, by the host's own clock; Infinity when there are none. */
export function aptCacheAge(): Probe<number> {
  return probe(ageKind, null, ['path:/var/lib/apt/lists']);
}

function ageOf(output: Output | undefined): Reading<number> {
  const [now, ...times] = Buffer.from(output?.stdout ?? [])
    .toString()
    .trim()
    .split('\n')
    .map(Number);
  if (now === undefined || !Number.isFinite(now)) return failed('the host did not tell its time');
  // A clock that was set back makes the lists look newer than now.
  return succeeded(times.length > 0 ? Math.max(0, now - Math.max(...times)) : Number.POSITIVE_INFINITY);
}
