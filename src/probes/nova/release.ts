import { type Output, script } from '../../contract/command.ts';
import { type Probe, type ProbeKind, type Reading, probe, UNKNOWN } from '../../contract/probe.ts';

const NAMED: Readonly<Record<string, number>> = {
  liberty: 12,
  mitaka: 13,
  newton: 14,
  ocata: 15,
  pike: 16,
  queens: 17,
  rocky: 18,
  stein: 19,
  train: 20,
  ussuri: 21,
  victoria: 22,
  wallaby: 23,
  xena: 24,
  yoga: 25,
  zed: 26,
  antelope: 27,
  bobcat: 28,
  caracal: 29,
  dalmatian: 30,
  epoxy: 31,
  flamingo: 32,
  gazpacho: 33,
};

/**
 * Nova's major version from what people and packages write: `2025.1`, `zed`, `31`, `31.0.2`, `2:26.2.2-1~deb12u5`.
 * Undefined when it is none of these.
 * @example releaseNumber('2025.1') // 31
 */
export function releaseNumber(text: string): number | undefined {
  const plain = text.trim().toLowerCase().replace(/^\d+:/, '');
  const dated = /^(20\d\d)\.([12])\b/.exec(plain);
  if (dated) return (Number(dated[1]) - 2023) * 2 + Number(dated[2]) + 26;
  const major = /^(\d{1,2})(?:[.~+-].*)?$/.exec(plain);
  return major ? Number(major[1]) : NAMED[plain];
}

// The package databases answer in milliseconds, the names of Python's metadata too; nova-manage imports all of Nova, so it
// is asked last. Several versions side by side (old virtual environments) say nothing about the one that runs.
const ASK = `
root=$1
for package in nova-common python3-nova; do
  v=$(dpkg-query --admindir="$root/var/lib/dpkg" -W -f '\${db:Status-Abbrev}\${Version}' "$package" 2>/dev/null) || continue
  case $v in ii*) printf '%s\\n' "\${v#ii }"; exit 0;; esac
done
for package in openstack-nova-common python3-nova; do
  v=$(rpm --root "\${root:-/}" -q --qf '%{VERSION}' "$package" 2>/dev/null) && { printf '%s\\n' "$v"; exit 0; }
done
only= several=
for python in "$root"/usr/lib/python3* "$root"/usr/local/lib/python3* "$root"/opt/*/lib/python3* \\
  "$root"/openstack/venvs/nova-*/lib/python3* "$root"/var/lib/kolla/venv/lib/python3*; do
  for found in "$python"/*-packages/nova-[0-9]*.dist-info "$python"/*-packages/nova-[0-9]*.egg-info; do
    [ -e "$found" ] || continue
    v=\${found##*/nova-}; v=\${v%%.*}
    [ "\${only:-$v}" = "$v" ] || several=1
    only=$v
  done
done
[ -n "$only" ] && [ -z "$several" ] && { printf '%s\\n' "$only"; exit 0; }
v=$("\${root:+$root/usr/bin/}nova-manage" --version 2>/dev/null) && { printf '%s\\n' "$v"; exit 0; }
exit 0`;

const kind: ProbeKind<string, number | null> = {
  name: 'nova-release',
  commands: (subjects) => subjects.map((root) => script(ASK, [root])),
  parse: (subjects, outputs) => subjects.map((_, index) => parseAnswer(outputs[index])),
  // A package that is only planned cannot be asked.
  predict: (_subject, value) => value ?? UNKNOWN,
};

function parseAnswer(output: Output | undefined): Reading<number | null> {
  if (!output) return { ok: false, error: 'the host gave no answer about its Nova release' };
  const text = Buffer.from(output.stdout).toString('utf8');
  return { ok: true, value: releaseNumber(text.split('\n')[0] ?? '') ?? null };
}

/**
 * The major version of the Nova installed on the host (26 is Zed, 31 is 2025.1), by its package, its Python metadata or
 * `nova-manage`; null when none was found.
 * @param root where the host's files are, for another root than `/`
 */
export function novaRelease(root = ''): Probe<number | null> {
  return probe(kind, root, ['package:/']);
}
