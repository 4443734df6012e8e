import { setTimeout as sleep } from 'node:timers/promises';
import type { Reboot } from '../contract/change.ts';
import { program, script } from '../contract/command.ts';
import { ConnectionError, Unreachable } from '../contract/connection.ts';
import type { HostSession } from '../contract/host-session.ts';
import { TaskError } from '../contract/task-error.ts';
import { ATTEMPT_MS, type CurrentBoot, currentBoot } from './current-boot.ts';

interface NewBoot {
  readonly change: Reboot;
  /** The host's first answer after the old boot. */
  readonly boot: CurrentBoot;
  /** Milliseconds of the reboot's deadline that are left, by a monotonic clock. */
  left(): number;
}

const POLL_MS = 1_000;
const TEST_MS = 60_000;

/** The same machine, healthy, and staying up: only then is a reboot over. */
export async function confirmBoot(boot: NewBoot, session: HostSession): Promise<void> {
  requireSameMachine(boot);
  requireKernel(boot);
  await requireHealth(boot, session);
  await requireStability(boot, session);
  await noteReasons(boot.change, session);
}

function requireSameMachine({ change, boot: { machineId } }: NewBoot): void {
  if (!change.machineId || !machineId || machineId === change.machineId) return;
  throw new TaskError(
    `another machine came back in the host's place: its machine-id is ${machineId}, it was ${change.machineId}`,
    {
      failure: 'other-machine',
    },
  );
}

/** An older kernel has neither the new initramfs nor, perhaps, the drivers for what comes next, whatever its command line says. */
function requireKernel({ change, boot: { otherKernel } }: NewBoot): void {
  if (!otherKernel) return;
  throw new TaskError(
    `the host came back with another kernel: ${otherKernel} runs, and the default boot entry has ${change.kernelRelease ?? ''}. Another entry was booted: by hand, once (grub-reboot), or because the new kernel did not come up`,
    { rebooted: true, failure: 'other-kernel' },
  );
}

/** Services come up after sshd, so the test is tried until the deadline. */
async function requireHealth(boot: NewBoot, session: HostSession): Promise<void> {
  const { change, left } = boot;
  for (;;) {
    session.signal.throwIfAborted();
    const complaint = await healthComplaint(change, session);
    if (complaint === undefined) return;
    await requireSameBoot(boot, session);
    if (left() <= 0) {
      throw new TaskError(`the host is back but not healthy: ${change.testCommand.join(' ')} ${complaint}`, {
        rebooted: true,
        failure: 'unhealthy',
      });
    }
    session.progress(`back, waiting for ${change.testCommand.join(' ')}`);
    await sleep(POLL_MS, undefined, { signal: session.signal });
  }
}

async function healthComplaint({ testCommand }: Reboot, session: HostSession): Promise<string | undefined> {
  try {
    const output = await session.run(program(testCommand), { deadlineMs: TEST_MS });
    if (output.code === 0) return undefined;
    const said = Buffer.from(output.stderr).toString().trim() || Buffer.from(output.stdout).toString().trim();
    return `exited with ${output.code}${said ? `: ${said.slice(-500)}` : ''}`;
  } catch (error) {
    if (error instanceof ConnectionError) return error.message;
    throw error;
  }
}

async function requireStability(boot: NewBoot, session: HostSession): Promise<void> {
  const until = performance.now() + boot.change.stableMs;
  while (performance.now() < until) {
    session.progress(`back, watching whether it stays up, ${Math.ceil((until - performance.now()) / 1000)} s left`);
    await sleep(Math.min(POLL_MS, Math.max(until - performance.now(), 1)), undefined, { signal: session.signal });
    await requireSameBoot(boot, session);
  }
}

async function requireSameBoot(boot: NewBoot, session: HostSession): Promise<void> {
  const now = (await currentBoot(session)) ?? (await afterReconnecting(boot, session));
  if (now?.bootId === boot.boot.bootId) return;
  const what = now ? 'booted once more' : 'went away again';
  throw new TaskError(
    `the host came back and then ${what} within ${boot.change.stableMs / 1000} s: it may be in a boot loop`,
    {
      rebooted: true,
      failure: 'boot-loop',
    },
  );
}

async function afterReconnecting({ change, left }: NewBoot, session: HostSession) {
  try {
    await session.reconnect({
      deadlineMs: Math.max(left(), change.stableMs, 1),
      attemptTimeoutMs: ATTEMPT_MS,
      delayMs: POLL_MS,
    });
    return await currentBoot(session);
  } catch (error) {
    if (error instanceof Unreachable) return undefined;
    throw error;
  }
}

/** In /run, which the next boot empties: a reason found again in this very boot has survived its reboot. */
async function noteReasons({ reasons }: Reboot, session: HostSession): Promise<void> {
  const lines = reasons.map(({ kind, detail }) => `${kind}: ${detail.replaceAll('\n', ' ')}`).join('\n');
  const write = '[ -d /run/tsplay ] || mkdir -m 700 /run/tsplay; cat >/run/tsplay/rebooted-for';
  await session.run(script(write, [], { stdin: `${lines}\n` }), { deadlineMs: 30_000 });
}
