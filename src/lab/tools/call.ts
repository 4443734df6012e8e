import { depmod, lsmod, modinfo, modprobe, rmmod } from './modprobe.ts';
import { lsinitramfs, unmkinitramfs, updateInitramfs } from './initramfs.ts';
import { reboot, shutdown, systemdRun } from './power.ts';
import { systemctl } from './systemctl.ts';
import { asScript, type Tool, type ToolHost } from './tool.ts';

/** The programs of a lab host that the lab answers, by the path they stand at. */
export const standIns: Readonly<Record<string, Tool>> = {
  '/usr/sbin/modprobe': modprobe,
  '/usr/sbin/rmmod': rmmod,
  '/usr/sbin/modinfo': modinfo,
  '/usr/sbin/depmod': depmod,
  '/usr/sbin/lsmod': lsmod,
  '/usr/bin/lsmod': lsmod,
  '/usr/sbin/update-initramfs': updateInitramfs,
  '/usr/bin/lsinitramfs': lsinitramfs,
  '/usr/bin/unmkinitramfs': unmkinitramfs,
  '/usr/bin/systemctl': systemctl,
  '/usr/bin/systemd-run': systemdRun,
  '/usr/sbin/reboot': reboot,
  '/usr/sbin/shutdown': shutdown,
};

const byName: Readonly<Record<string, Tool>> = Object.fromEntries(
  Object.entries(standIns).map(([path, tool]) => [path.slice(path.lastIndexOf('/') + 1), tool]),
);

/**
 * The program at each of those paths: it sends its name and words through one descriptor and evaluates the answer.
 * The two that name files relative to the caller say where the caller is.
 */
export const standInScript = `#!/bin/sh
# Stand-in of a tsplay lab host: the lab answers.
name=\${0##*/}
exec 3<>/dev/tsplay-lab || exit 1
case $name in
  *initramfs) [ "$name" = update-initramfs ] || set -- --cwd="$PWD" "$@" ;;
esac
printf '%s\\0' "$name" "$@" >&3
answer=$(cat <&3)
exec 3>&-
eval "$answer"
`;

/** Answers one request that a stand-in wrote. */
export async function answerCall(host: ToolHost, request: Uint8Array): Promise<string> {
  const [name = '', ...args] = Buffer.from(request).toString().split('\0').slice(0, -1);
  const tool = Object.hasOwn(byName, name) ? byName[name] : undefined;
  if (!tool) return asScript({ err: `${name}: not simulated\n`, code: 127 });
  try {
    return asScript(await tool(host, args, name));
  } catch (error) {
    return asScript({ err: `${name}: ${(error as Error).message}\n`, code: 1 });
  }
}
