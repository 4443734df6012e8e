import type { Applied, BindPciFunction, ChangeKind } from '../contract/change.ts';
import { type Output, script } from '../contract/command.ts';
import type { HostSession } from '../contract/host-session.ts';
import type { Resource } from '../contract/resource.ts';
import { TaskError } from '../contract/task-error.ts';

/** A write to `unbind` has been seen to hang for ever with the NVIDIA driver; ten seconds are plenty for a healthy one. */
const UNBIND_DEADLINE_MS = 10_000;

export function bindPciFunction(change: Omit<BindPciFunction, 'kind' | 'deadlineMs'>): BindPciFunction {
  return { kind: 'bind-pci-function', deadlineMs: UNBIND_DEADLINE_MS, ...change };
}

/**
 * Arguments: address, driver (empty: the function's own), deadline in tenths of a second, sysfs.
 *
 * driver_override, not new_id: it matches this one function, whereas an id lets the driver take any card alike
 * (Documentation/ABI/testing/sysfs-bus-pci). Each write that may block happens in a process of its own, which is left
 * behind when it does: a process in uninterruptible sleep cannot be killed, and this shell must not become one.
 * Exit: 0 done, 3 unbind hangs, 4 no such driver, 5 no such function, 6 driver did not take it (restored).
 */
export const BIND_SCRIPT = `address=$1 driver=$2 tenths=$3 bus=$4/bus/pci
dev=$bus/devices/$address
[ -e "$dev/driver_override" ] || exit 5
bound() { b=; [ -e "$dev/driver" ] && b=$(cd -P "$dev/driver" && printf '%s' "\${PWD##*/}"); }
name_of() {
  for n in "$1" "$(printf '%s' "$1" | tr _ -)" "$(printf '%s' "$1" | tr - _)"; do
    if [ -d "$bus/drivers/$n" ]; then driver=$n; return 0; fi
  done
  return 1
}
detached() {
  if command -v setsid >/dev/null 2>&1; then setsid sh -c 'printf "%s" "$1" >"$2"' sh "$1" "$2" </dev/null >/dev/null 2>&1 &
  else sh -c 'printf "%s" "$1" >"$2"' sh "$1" "$2" </dev/null >/dev/null 2>&1 & fi
}
wait_for() { i=0; while [ "$i" -lt "$tenths" ]; do bound; if "$@"; then return 0; fi; sleep 0.1 2>/dev/null || sleep 1; i=$((i + 1)); done; return 1; }
is_free() { [ -z "$b" ]; }
is_target() { if [ -n "$driver" ]; then [ "$b" = "$driver" ]; else [ "$b" != "$was" ] || [ -z "$was" ]; fi; }
is_back() { [ "$b" = "$was" ]; }
override() { if [ -n "$1" ]; then printf '%s' "$1" >"$dev/driver_override"; else printf '\\n' >"$dev/driver_override"; fi; }
if [ -n "$driver" ] && ! name_of "$driver"; then
  modprobe -- "$driver" || exit 4
  name_of "$driver" || exit 4
fi
IFS= read -r old <"$dev/driver_override"; [ "$old" = '(null)' ] && old=
bound; was=$b
override "$driver" || { printf '%s\\n' "$b"; exit 6; }
if [ -n "$was" ] && [ "$was" != "$driver" ]; then
  detached "$address" "$dev/driver/unbind"
  wait_for is_free || exit 3
fi
detached "$address" "$bus/drivers_probe"
if wait_for is_target; then printf '%s\\n' "$b"; exit 0; fi
if [ -z "$driver" ]; then printf '%s\\n' "$b"; exit 0; fi
override "$old"
if [ -n "$b" ]; then detached "$address" "$dev/driver/unbind"; wait_for is_free; fi
if [ -n "$was" ]; then detached "$address" "$bus/drivers/$was/bind"; wait_for is_back; fi
printf '%s\\n' "$b"
exit 6`;

export const bindPciFunctionKind: ChangeKind<BindPciFunction> = {
  kind: 'bind-pci-function',
  describe: ({ address, driver, before }) =>
    `bind ${address} to ${driver ?? 'its own driver'} (was: ${before ?? 'no driver'})`,
  diff: ({ address, driver, before }) => ({
    kind: 'attributes',
    path: `/sys/bus/pci/devices/${address}`,
    before: { driver: before ?? 'none' },
    after: { driver: driver ?? "the kernel's choice" },
  }),
  touches: ({ address, driver }): readonly Resource[] => [
    `pci:/${address}`,
    `path:/sys/bus/pci/devices/${address}`,
    ...(driver ? [`module:/${driver.replaceAll('-', '_')}` as const] : []),
  ],
  predict: ({ address, driver }) => ({ files: [], facts: [{ resource: `pci:/${address}`, value: { driver } }] }),
  apply,
  undo: ({ address, driver, before, deadlineMs }) => ({
    kind: 'bind-pci-function',
    address,
    driver: before,
    before: driver,
    deadlineMs,
  }),
};

async function apply(change: BindPciFunction, session: HostSession): Promise<Applied> {
  const start = performance.now();
  const { address, driver, deadlineMs } = change;
  const args = [address, driver ?? '', String(Math.ceil(deadlineMs / 100)), '/sys'];
  const output = await session.run(script(BIND_SCRIPT, args), { deadlineMs: 6 * deadlineMs + 60_000 });
  if (output.code !== 0) throw refusal(change, output);
  return {
    change,
    output,
    elapsed: (performance.now() - start) / 1000,
    facts: { driver: textOf(output.stdout) || null },
  };
}

function refusal({ address, driver, before, deadlineMs }: BindPciFunction, output: Output): TaskError {
  const target = driver ?? 'its own driver';
  const now = textOf(output.stdout) || 'no driver';
  const said = textOf(output.stderr);
  const messages: Readonly<Record<number, string>> = {
    3: `${address} did not let go of ${before ?? 'its driver'} within ${deadlineMs / 1000} s: the driver hangs. Its driver_override is set to ${target}, and nothing else was touched. A reboot will free it; that it is bound then is what mode: persist is for (sysfs-bind, then initramfs)`,
    4: `there is no driver ${target} on this host`,
    5: `there is no PCI function ${address} any more`,
    6: `${target} did not take ${address}; it was given back and is bound to ${now}. See the kernel log for why`,
  };
  return new TaskError(
    `${messages[output.code] ?? `binding ${address} to ${target} failed`}${said ? `: ${said}` : ''}`,
    // A driver that hangs is touched no further, and neither is anything near it.
    { rc: output.code, ...(output.code === 3 && { left_as_is: true }) },
  );
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString().trim();
}
