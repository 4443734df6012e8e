import type { Played } from '../../support/play.ts';
import type { Fleet } from './fleet.ts';

export interface FunctionState {
  readonly address: string;
  readonly id: string;
  readonly driver: string;
}

const LIST = `cd /sys/bus/pci/devices && for d in *; do
  driver=none; [ -e "$d/driver" ] && driver=$(basename "$(readlink "$d/driver")")
  echo "$d $(cat "$d/vendor"):$(cat "$d/device") $driver"
done`;

/** Every PCI function of a host and its driver, as its sysfs shows them to anybody. */
export async function pciFunctions(fleet: Fleet, host: string): Promise<readonly FunctionState[]> {
  const lines = (await fleet.ssh(host, LIST)).trim().split('\n');
  return lines.map((line) => {
    const [address = '', id = '', driver = ''] = line.replaceAll('0x', '').split(' ');
    return { address, id, driver };
  });
}

/** `address driver` of every function on the slots where the lab puts cards. */
export async function cardDrivers(fleet: Fleet, host: string): Promise<readonly string[]> {
  const functions = await pciFunctions(fleet, host);
  return functions
    .filter(({ address }) => /^0000:[89a-f][0-9a-f]:00\./.test(address))
    .map(({ address, driver }) => `${address} ${driver}`);
}

export const bootId = (fleet: Fleet, host: string): Promise<string> =>
  fleet.ssh(host, 'cat /proc/sys/kernel/random/boot_id');

// Any write moves a change time, which no program can set back. What belongs to the machine below the lab is left out:
// its own programs write there.
const TREES = `find /etc /boot /var \\( -path /var/lib/docker -o -path /var/lib/containerd -o -path /var/log -o -path /var/cache -o -path /var/tmp -o -path /var/run \\) -prune -o -printf '%p %y %m %U %G %s %T@ %C@ %l\\n' | sort`;

/** Tests that run beside this one make users of the machine, whose files the lab's hosts see until they write there. */
const OF_OTHER_TESTS = /^\/etc(\/(passwd|group|shadow|gshadow|subuid|subgid|sudoers\.d|\.pwd\.lock)[^ ]*)? /;

/** One line for everything below /etc, /boot and /var, but the list of users. */
export async function configurationTrees(fleet: Fleet, host: string): Promise<ReadonlySet<string>> {
  return new Set((await fleet.ssh(host, TREES)).split('\n').filter((line) => !OF_OTHER_TESTS.test(line)));
}

/** Names of the tasks that ended so, by host. */
export function tasksOf(played: Played, status: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const event of played.events) {
    if (event.type !== 'task.finished' || event.result.status !== status) continue;
    found.set(event.host, [...(found.get(event.host) ?? []), event.task.name]);
  }
  return found;
}

/** The messages of everything that failed or was not reached, by host. */
export function complaints(played: Played): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const event of played.events) {
    if (event.type !== 'task.finished' || !['failed', 'unreachable'].includes(event.result.status)) continue;
    found.set(event.host, event.result.message ?? '');
  }
  return found;
}

/** Temporary files of tsplay: of writes that did not end, and of images that were being unpacked. */
export async function leftovers(fleet: Fleet, host: string): Promise<string> {
  return fleet.ssh(
    host,
    "find /etc /boot /root /tmp /run /var/tmp /var/lib/tsplay /usr/lib/modules -name '.tsplay-*' -o -name 'tsplay-initramfs.*'",
  );
}
