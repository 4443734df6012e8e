import { type Probe, ProbeError, probe } from '../contract/probe.ts';
import { recordsOf, scriptKind } from './script-kind.ts';

/** Which boot of which machine this is. */
export interface BootIdentity {
  /** /proc/sys/kernel/random/boot_id: new at every boot (random(4)). */
  readonly bootId: string;
  /** /etc/machine-id (machine-id(5)); empty where there is none. */
  readonly machineId: string;
  readonly uptimeSeconds: number;
  readonly kernelRelease: string;
  /** /run/reboot-required with the packages that asked for it (Debian, Ubuntu); null when nobody asked. */
  readonly rebootRequiredBy: readonly string[] | null;
  /** Reasons for which tsplay made the reboot that led to this boot. In /run, so that the next boot forgets them. */
  readonly rebootedFor: readonly string[];
  /** The initramfs was rebuilt since this boot began. */
  readonly initramfsRebuilt: boolean;
}

const REBOOTED_FOR = '/run/tsplay/rebooted-for';
/** Holds the boot id during which an initramfs was last rebuilt. Written before the rebuild, so that no crash loses it. */
export const INITRAMFS_MARK = '/var/lib/tsplay/initramfs/rebuilt-in-boot';

const SCRIPT = `one() { l=; [ -r "$2" ] && IFS= read -r l <"$2"; printf '%s %s\\n' "$1" "$l"; }
all() { [ -r "$2" ] || return 0; while IFS= read -r l || [ -n "$l" ]; do printf '%s %s\\n' "$1" "$l"; done <"$2"; }
one boot /proc/sys/kernel/random/boot_id
one machine /etc/machine-id
one uptime /proc/uptime
one release /proc/sys/kernel/osrelease
one rebuilt ${INITRAMFS_MARK}
[ -e /run/reboot-required ] && echo required
all package /run/reboot-required.pkgs
all reason ${REBOOTED_FOR}
exit 0`;

const kind = scriptKind<number, BootIdentity>({
  name: 'boot-identity',
  script: SCRIPT,
  parse: parseIdentity,
  // A planned reboot or rebuild does not change which boot this is.
  predict: (_, value) => value,
});

/**
 * Uptime grows while nothing invalidates it, so a reading belongs to the moment it was asked for:
 * pass `TaskView.runElapsedSeconds`, taken just before.
 * @example await read(bootIdentity(task.runElapsedSeconds))
 */
export function bootIdentity(runElapsedSeconds: number): Probe<BootIdentity> {
  return probe(kind, runElapsedSeconds, [
    'kernel:/boot-id',
    'path:/run/reboot-required',
    'path:/run/tsplay',
    'path:/var/lib/tsplay/initramfs',
  ]);
}

/** Dashed hexadecimal, as the kernel prints it. */
export function isBootId(text: string): boolean {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/.test(text);
}

export function parseIdentity(stdout: string): BootIdentity {
  const records = recordsOf(stdout);
  const valuesOf = (key: string) => records.filter(([name]) => name === key).map(([, value]) => value);
  const one = (key: string) => valuesOf(key)[0]?.trim() ?? '';
  const bootId = one('boot');
  if (!isBootId(bootId))
    throw new ProbeError(`/proc/sys/kernel/random/boot_id is not a boot id: ${JSON.stringify(bootId)}`);
  const uptimeSeconds = Number.parseFloat(one('uptime'));
  // Taken for 0, it would say that the host was booted during this run, and reasons to reboot would be forgotten.
  if (!Number.isFinite(uptimeSeconds))
    throw new ProbeError(`/proc/uptime is no time: ${JSON.stringify(one('uptime'))}`);
  return {
    bootId,
    machineId: one('machine'),
    uptimeSeconds,
    kernelRelease: one('release'),
    rebootRequiredBy: valuesOf('required').length > 0 ? [...new Set(valuesOf('package').filter(Boolean))] : null,
    rebootedFor: valuesOf('reason').filter(Boolean),
    initramfsRebuilt: one('rebuilt') === bootId,
  };
}
