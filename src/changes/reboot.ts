import { setTimeout as sleep } from 'node:timers/promises';
import type { Applied, ChangeKind, Reboot } from '../contract/change.ts';
import { script } from '../contract/command.ts';
import { ConnectionError, Unreachable } from '../contract/connection.ts';
import type { HostSession } from '../contract/host-session.ts';
import type { Resource } from '../contract/resource.ts';
import { TaskError } from '../contract/task-error.ts';
import { confirmBoot } from './confirm-boot.ts';
import { ATTEMPT_MS, type CurrentBoot, currentBoot, isBootId } from './current-boot.ts';

const REBOOT_TOUCHES: readonly Resource[] = [
  'kernel:/',
  'pci:/',
  'module:/',
  'service:/',
  'path:/run',
  'path:/proc',
  'path:/sys',
  'path:/tmp',
  'path:/dev',
  // A one-shot boot entry is used up by the boot.
  'path:/boot/grub/grubenv',
];

/**
 * Arguments: the boot id that is to end, a message, seconds after which an earlier order no longer counts. The token
 * says that this boot was ordered to end already: an answer lost on the way must not lead to a second order.
 * systemd-run detaches the reboot from this session (systemd-run(1)), so that the connection ends cleanly.
 * Exit: 0 ordered, 3 another boot already, 4 nothing to reboot with.
 */
const ORDER_SCRIPT = `IFS= read -r id </proc/sys/kernel/random/boot_id
[ "$id" = "$1" ] || exit 3
token=/run/tsplay/reboot-ordered
[ -d /run/tsplay ] || mkdir -m 700 /run/tsplay || exit
if [ -r "$token" ]; then
  IFS= read -r ordered <"$token"
  [ "$ordered" = "$id" ] && { echo 'ordered before'; exit 0; }
fi
if [ -d /run/systemd/system ] && command -v systemd-run >/dev/null 2>&1; then
  printf '%s\\n' "$id" >"$token"
  systemd-run --quiet --collect --on-active=1 systemctl reboot </dev/null >&2 && { echo systemd-run; exit 0; }
fi
command -v reboot >/dev/null 2>&1 || { rm -f "$token"; echo 'there is neither systemd-run nor reboot' >&2; exit 4; }
printf '%s\\n' "$id" >"$token"
command -v setsid >/dev/null 2>&1 && s=setsid || s=
$s sh -c 'sleep 1; reboot' </dev/null >/dev/null 2>&1 &
echo reboot`;

/** The host did not obey, so a later run may order again. */
const WITHDRAW_SCRIPT = `rm -f /run/tsplay/reboot-ordered
command -v systemctl >/dev/null 2>&1 || exit 0
[ "$(systemctl is-enabled reboot.target 2>/dev/null)" = masked ] && echo 'reboot.target is masked'
systemctl list-jobs --no-legend 2>/dev/null | head -n 5
command -v systemd-inhibit >/dev/null 2>&1 && systemd-inhibit --list --no-legend 2>/dev/null | grep shutdown
exit 0`;

const POLL_MS = 1_000;
/** Services may take minutes to stop; a host that still answers in the same boot after this did not obey. */
const LONGEST_SHUTDOWN_MS = 10 * 60_000;

export const rebootKind: ChangeKind<Reboot> = {
  kind: 'reboot',
  describe: ({ reasons }) => `reboot, because ${reasons.map((reason) => reason.detail).join('; ')}`,
  diff: (change) => ({ kind: 'action', description: rebootKind.describe(change) }),
  touches: () => REBOOT_TOUCHES,
  predict: () => ({ files: [], facts: [] }),
  apply,
  undo: () => undefined,
};

async function apply(change: Reboot, session: HostSession): Promise<Applied> {
  const start = performance.now();
  const left = () => change.deadlineMs - (performance.now() - start);
  await order(change, session);
  const boot = await newBoot(change, session, left);
  await confirmBoot({ change, boot, left }, session);
  const elapsed = (performance.now() - start) / 1000;
  return {
    change,
    elapsed,
    facts: { rebooted: true, elapsed: Math.round(elapsed), boot_id_before: change.bootId, boot_id: boot.bootId },
  };
}

async function order(change: Reboot, session: HostSession): Promise<void> {
  session.progress('ordering the reboot');
  try {
    const output = await session.run(script(ORDER_SCRIPT, [change.bootId]), { deadlineMs: 60_000 });
    if (output.code === 3)
      throw new TaskError('the host was rebooted by someone else since the plan was made; run again');
    if (output.code !== 0)
      throw new TaskError(`the reboot could not be ordered: ${Buffer.from(output.stderr).toString().trim()}`);
  } catch (error) {
    // The answer is lost, perhaps because the host obeyed at once: the boot id decides, nothing is sent twice.
    if (!(error instanceof ConnectionError)) throw error;
  }
}

async function newBoot(change: Reboot, session: HostSession, left: () => number): Promise<CurrentBoot> {
  const mustBeDown = change.deadlineMs - Math.min(change.deadlineMs / 3, LONGEST_SHUTDOWN_MS);
  for (;;) {
    session.signal.throwIfAborted();
    const boot = await currentBoot(session, change.kernelRelease);
    const id = boot?.bootId;
    if (id !== undefined && !isBootId(id))
      throw new TaskError(`the host is back but shows no valid boot id: ${JSON.stringify(id)}`);
    if (boot && id !== change.bootId) return boot;
    if (id !== undefined && left() < mustBeDown) throw await neverWentDown(change, session, left());
    if (left() <= 0) throw neverCameBack(change, session.host);
    session.progress(
      `waiting for the host to ${id === undefined ? 'come back' : 'go down'}, ${Math.round((change.deadlineMs - left()) / 1000)} s`,
    );
    if (id === undefined) await comeBack(change, session, left());
    else await sleep(POLL_MS, undefined, { signal: session.signal });
  }
}

async function comeBack(change: Reboot, session: HostSession, leftMs: number): Promise<void> {
  try {
    await session.reconnect({ deadlineMs: Math.max(leftMs, 1), attemptTimeoutMs: ATTEMPT_MS, delayMs: POLL_MS });
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error;
    if (error.reason.startsWith('host-key'))
      throw otherMachine(`its host key is not the one it had (${error.message})`);
    throw neverCameBack(change, error.message, error);
  }
}

async function neverWentDown(change: Reboot, session: HostSession, leftMs: number): Promise<TaskError> {
  const waited = Math.round((change.deadlineMs - leftMs) / 1000);
  const output = await session.run(script(WITHDRAW_SCRIPT), { deadlineMs: 30_000 }).catch(() => undefined);
  const causes = output ? Buffer.from(output.stdout).toString().trim().replaceAll('\n', '; ') : '';
  return new TaskError(
    `the host never went down: ${waited} s after the order it still runs the same boot${causes ? ` (${causes})` : ''}`,
    {
      rebooted: false,
      failure: 'never-went-down',
    },
  );
}

function neverCameBack(change: Reboot, said: string, cause?: unknown): TaskError {
  const seconds = Math.round(change.deadlineMs / 1000);
  return new TaskError(
    `the host went down and never came back within ${seconds} s: ${said}`,
    { failure: 'never-came-back' },
    { cause },
  );
}

function otherMachine(what: string): TaskError {
  return new TaskError(`another machine came back in the host's place: ${what}`, { failure: 'other-machine' });
}
