import type { RebootReason } from '../../contract/change.ts';
import type { BootIdentity } from '../../probes/boot-identity.ts';
import type { BootEntry } from '../../probes/grub-config.ts';
import { type CmdlineToken, isComparable, parseToken } from '../../probes/kernel-cmdline-tokens.ts';
import type { PciFunction } from '../../probes/pci.ts';
import { unmetTokens } from './cmdline-desire.ts';
import { matches, parseSelector } from './pci-selector.ts';

/** What a task says should be so after a boot. */
export interface BootExpectation {
  readonly cmdline: readonly string[];
  readonly drivers: Readonly<Record<string, string>>;
}

export interface BootObservation {
  readonly identity: BootIdentity;
  readonly runElapsedSeconds: number;
  readonly live: readonly CmdlineToken[];
  readonly nextEntry: BootEntry | null;
  readonly functions: readonly PciFunction[];
}

/** False once the host was booted during this run: what was asked for before that has been done. */
export function isBootOlderThanRun({ identity, runElapsedSeconds }: BootObservation): boolean {
  return identity.uptimeSeconds > runElapsedSeconds;
}

/** The next boot takes other parameters than the running kernel has. */
export function cmdlineReasons({ nextEntry, live }: BootObservation): readonly RebootReason[] {
  if (!nextEntry) return [];
  const next = nextEntry.tokens.filter(isComparable);
  // What a variable of GRUB's adds to the live line cannot be told from the entry.
  const isExact = nextEntry.tokens.every((token) => !token.text.includes('$') || token.text === '$vt_handoff');
  const missing = surplus(next, live.filter(isComparable));
  const extra = isExact ? surplus(live.filter(isComparable), next) : [];
  const parts = [
    ...missing.map((text) => `${text} comes with the next boot`),
    ...extra.map((text) => `${text} goes with the next boot`),
  ];
  return parts.length > 0 ? [{ kind: 'cmdline', detail: parts.join(', ') }] : [];
}

export function expectedCmdlineReasons(
  { live }: BootObservation,
  { cmdline }: BootExpectation,
): readonly RebootReason[] {
  const unmet = unmetTokens(live, { state: 'present', tokens: cmdline.map(parseToken), policies: {} });
  return unmet.length > 0
    ? [{ kind: 'cmdline', detail: `the running kernel was booted without ${unmet.join(' ')}` }]
    : [];
}

export function driverReasons({ functions }: BootObservation, { drivers }: BootExpectation): readonly RebootReason[] {
  return Object.entries(drivers).flatMap(([selector, driver]) => {
    const wrong = functions.filter((one) => matches(one, parseSelector(selector)) && one.driver !== driver);
    return wrong.map((one) => ({
      kind: 'binding' as const,
      detail: `${one.address} is bound to ${one.driver ?? 'no driver'}, not to ${driver}`,
    }));
  });
}

/** Reasons that earlier tasks of this run found. A boot since then has dealt with them, but for a later rebuild. */
export function passedReasons(observation: BootObservation, passed: readonly RebootReason[]): readonly RebootReason[] {
  if (isBootOlderThanRun(observation)) return passed;
  return passed.filter((reason) => reason.kind === 'initramfs' && observation.identity.initramfsRebuilt);
}

/** What package tools say: /run/reboot-required of Debian's, needs-restarting(1) of the RHEL family; null where they say nothing. */
export function packageReasons(
  { rebootRequiredBy }: BootIdentity,
  restarting: readonly string[] | null,
): readonly RebootReason[] {
  const said = [
    ['/run/reboot-required', rebootRequiredBy],
    ['needs-restarting', restarting],
  ] as const;
  return said.flatMap(([who, packages]) => {
    const names = packages && packages.length > 0 ? ` (${packages.join(', ')})` : '';
    return packages ? [{ kind: 'package' as const, detail: `${who}${names}` }] : [];
  });
}

/** Same words twice are one reason. */
export function distinct(reasons: readonly RebootReason[]): readonly RebootReason[] {
  return [...new Map(reasons.map((reason) => [`${reason.kind}: ${reason.detail}`, reason])).values()];
}

/** Reasons that do not say what is wrong with a boot: each run may ask anew, and packages may be upgraded again. */
const RECURRING: ReadonlySet<RebootReason['kind']> = new Set(['package', 'requested']);

/** A reason for which this very boot was made: another boot will not help. */
export function survivors(reasons: readonly RebootReason[], { identity }: BootObservation): readonly RebootReason[] {
  return reasons.filter(
    ({ kind, detail }) => !RECURRING.has(kind) && identity.rebootedFor.includes(`${kind}: ${detail}`),
  );
}

/** Tokens of `a` that `b` holds less often, whatever their order and quoting. */
export function surplus(a: readonly CmdlineToken[], b: readonly CmdlineToken[]): readonly string[] {
  const left = b.map(identityOf);
  return a.flatMap((token) => {
    const at = left.indexOf(identityOf(token));
    if (at < 0) return [token.text];
    left.splice(at, 1);
    return [];
  });
}

function identityOf({ key, value }: CmdlineToken): string {
  return value === null ? key : `${key}=${value}`;
}
