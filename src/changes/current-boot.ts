import { script } from '../contract/command.ts';
import { BecomeFailed, ConnectionError } from '../contract/connection.ts';
import type { HostSession } from '../contract/host-session.ts';

/** A handshake waits for sshd's look-ups in a DNS that is not up yet, or for a processor that still starts everything else. */
export const ATTEMPT_MS = 30_000;

const QUESTION_MS = 10_000;

export interface CurrentBoot {
  readonly bootId: string;
  readonly machineId: string;
}

const SCRIPT = `b= m=
IFS= read -r b </proc/sys/kernel/random/boot_id
[ -r /etc/machine-id ] && IFS= read -r m </etc/machine-id
printf '%s\\n%s\\n' "$b" "$m"`;

/** Undefined when the connection gives no answer within ten seconds. */
export async function currentBoot(session: HostSession): Promise<CurrentBoot | undefined> {
  try {
    const output = await session.run(script(SCRIPT), { deadlineMs: QUESTION_MS });
    const [bootId = '', machineId = ''] = Buffer.from(output.stdout).toString().split('\n');
    return { bootId, machineId };
  } catch (error) {
    // Early in a boot, and late in a shutdown, sudo may fail where ssh does not.
    if (error instanceof ConnectionError || error instanceof BecomeFailed) return undefined;
    throw error;
  }
}

export async function bootIdNow(session: HostSession): Promise<string | undefined> {
  return (await currentBoot(session))?.bootId;
}

/** The form in which the kernel prints a boot id (random(4)). */
export function isBootId(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);
}
