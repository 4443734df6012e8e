import { script } from '../contract/command.ts';
import { BecomeFailed, ConnectionError } from '../contract/connection.ts';
import type { HostSession } from '../contract/host-session.ts';

/** A handshake waits for sshd's look-ups in a DNS that is not up yet, or for a processor that still starts everything else. */
export const ATTEMPT_MS = 30_000;

const QUESTION_MS = 10_000;

export interface CurrentBoot {
  readonly bootId: string;
  readonly machineId: string;
  /** What runs instead of the kernel that was to be booted; empty when that one does, or when none was named. */
  readonly otherKernel: string;
}

/** `$1` is the kernel that should run. A name that no directory of modules has is a file's name and no release. */
const SCRIPT = `b= m= k=
IFS= read -r b </proc/sys/kernel/random/boot_id
[ -r /etc/machine-id ] && IFS= read -r m </etc/machine-id
[ -n "$1" ] && [ -d "/lib/modules/$1" ] && IFS= read -r k </proc/sys/kernel/osrelease
[ "$k" = "$1" ] && k=
printf '%s\\n%s\\n%s\\n' "$b" "$m" "$k"`;

/** Undefined when the connection gives no answer within ten seconds. */
export async function currentBoot(session: HostSession, expectedKernel = ''): Promise<CurrentBoot | undefined> {
  try {
    const output = await session.run(script(SCRIPT, [expectedKernel]), { deadlineMs: QUESTION_MS });
    const [bootId = '', machineId = '', otherKernel = ''] = Buffer.from(output.stdout).toString().split('\n');
    return { bootId, machineId, otherKernel };
  } catch (error) {
    // Early in a boot, and late in a shutdown, sudo may fail where ssh does not.
    if (error instanceof ConnectionError || error instanceof BecomeFailed) return undefined;
    throw error;
  }
}

/** The form in which the kernel prints a boot id (random(4)). */
export function isBootId(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);
}
