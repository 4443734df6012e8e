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

// The package databases answer in milliseconds; nova-manage imports all of Nova, so it is asked last.
const ASK = `
v=$(dpkg-query -W -f '\${db:Status-Abbrev}\${Version}' nova-common 2>/dev/null) && case $v in ii*) printf '%s\\n' "\${v#ii }"; exit 0;; esac
v=$(rpm -q --qf '%{VERSION}' openstack-nova-common 2>/dev/null) && { printf '%s\\n' "$v"; exit 0; }
v=$(nova-manage --version 2>/dev/null) && { printf '%s\\n' "$v"; exit 0; }
exit 0`;

const kind: ProbeKind<string, number | null> = {
  name: 'nova-release',
  commands: (subjects) => subjects.map(() => script(ASK)),
  parse: (subjects, outputs) => subjects.map((_, index) => parseAnswer(outputs[index])),
  // A package that is only planned cannot be asked.
  predict: (_subject, value) => value ?? UNKNOWN,
};

function parseAnswer(output: Output | undefined): Reading<number | null> {
  if (!output) return { ok: false, error: 'the host gave no answer about its Nova release' };
  const text = Buffer.from(output.stdout).toString('utf8');
  return { ok: true, value: releaseNumber(text.split('\n')[0] ?? '') ?? null };
}

/** The major version of the Nova installed on the host (26 is Zed, 31 is 2025.1); null when none was found. */
export function novaRelease(): Probe<number | null> {
  return probe(kind, 'nova', ['package:/']);
}
