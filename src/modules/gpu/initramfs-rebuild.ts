import { runCommand } from '../../changes/run-command.ts';
import type { Change } from '../../contract/change.ts';
import { INITRAMFS_MARK } from '../../probes/boot-identity.ts';
import { INITRAMFS, INSPECT, type PredictedImages } from '../../probes/initramfs-image.ts';
import { ROOT_MODULES } from './root-modules.ts';

/**
 * Arguments: kernels without an image, `--`, paths in the image. First the mark that this boot runs on an older image,
 * so that no crash between here and there loses the reason to reboot; then the images, one after the other, because `-u`
 * alone would rebuild the newest kernel only and `-u -k all` makes none that is not there yet.
 *
 * update-initramfs puts the new image in the old one's place before anyone has looked at it. So the old one keeps a second
 * name, and comes back unless the new one was unpacked and found to hold what the root disk needs. What an interrupted run
 * left under that name is the last image known to be good, and is not overwritten. Renaming one name of a file to its other
 * does nothing (rename(2)).
 */
const SCRIPT = `${INSPECT}
${ROOT_MODULES}
image= old=
restore() {
  if [ "$old" -ef "$image" ]; then rm -f "$old"; fi
  if [ -n "$old" ] && [ -e "$old" ]; then mv -f "$old" "$image"; fi
}
trap 'rm -rf "$scratch"; restore' EXIT
umask 077; mkdir -p "$stamps" || exit
cat /proc/sys/kernel/random/boot_id >${INITRAMFS_MARK} || exit
created=
while [ "$1" != -- ]; do created="$created $1"; shift; done
shift
fail() {
  printf '%s: the new image %s; ' "$image" "$1" >&2
  if [ -e "$old" ]; then echo 'the old one is back in its place' >&2; else echo 'there was none before' >&2; fi
  rm -f "$stamps/new"; exit 1
}
rebuild() {
  how=$1 k=$2 image=/boot/initrd.img-$2 old=/boot/.tsplay-initrd.img-$2; shift 2
  if [ -e "$image" ] && [ ! -e "$old" ]; then ln "$image" "$old" 2>/dev/null || cp -p "$image" "$old" || exit; fi
  (umask 022; update-initramfs "$how" -k "$k") || fail 'could not be made'
  inspect "$image" "$@" >"$stamps/new" || exit
  if grep -q '^broken ' "$stamps/new"; then fail "cannot be unpacked ($(sed -n 's/^broken //p' "$stamps/new"))"; fi
  lacking=$(lacking_root_module "$k" "$stamps/new")
  if [ -n "$lacking" ]; then fail "lacks $lacking, without which the root file system is not found (MODULES in /etc/initramfs-tools)"; fi
  sync "$image" 2>/dev/null || sync
  rm -f "$old"
  now=$(signature "$image") || exit
  { printf 'signature %s\\n' "$now"; cat "$stamps/new"; } >"$stamps/stamp-$k" || exit
}
for there in /boot/initrd.img-*; do
  if [ -d "/lib/modules/\${there#/boot/initrd.img-}" ]; then rebuild -u "\${there#/boot/initrd.img-}" "$@"; fi
done
for kernel in $created; do rebuild -c "$kernel" "$@"; done
rm -f "$stamps/new"`;

/** Compressing a large image takes minutes for each kernel. */
const REBUILD_MS = 60 * 60_000;

export interface Rebuild {
  readonly missing: readonly string[];
  readonly files: readonly string[];
  readonly predicted: PredictedImages;
}

export function rebuildInitramfs({ missing, files, predicted }: Rebuild): Change {
  return runCommand(['sh', '-c', SCRIPT, 'rebuild-initramfs', ...missing, '--', ...files], {
    purpose: 'rebuild the initramfs of every installed kernel (update-initramfs)',
    deadlineMs: REBUILD_MS,
    touches: [INITRAMFS, 'path:/boot', 'path:/var/lib/tsplay/initramfs'],
    predicts: [{ resource: INITRAMFS, value: predicted }],
  });
}
