import { runCommand } from '../../changes/run-command.ts';
import type { Change } from '../../contract/change.ts';
import { pathResource } from '../../contract/resource.ts';
import { INITRAMFS, INSPECT, type InitramfsImage, type PredictedImages } from '../../probes/initramfs-image.ts';
import { REBUILD_MARK } from './rebuild-mark.ts';
import { ROOT_MODULES } from './root-modules.ts';

/**
 * Arguments: kernels without an image, `--`, paths in the image. The images are made one after the other, because `-u` alone
 * would rebuild the newest kernel only and `-u -k all` makes none that is not there yet.
 *
 * update-initramfs puts the new image in the old one's place before anyone has looked at it. So the old one keeps a second
 * name, and comes back unless the new one was unpacked and found to hold what the root disk needs. What an interrupted run
 * left under that name is the last image known to be good, and is not overwritten; an empty file stands for none, whose
 * successor goes again. Renaming one name of a file to its other does nothing (rename(2)).
 */
const SCRIPT = `${INSPECT}
${ROOT_MODULES}
${REBUILD_MARK}
image= old=
restore() {
  if [ -z "$old" ] || [ ! -e "$old" ]; then return 0; fi
  if [ "$old" -ef "$image" ]; then rm -f "$old"
  elif [ -s "$old" ]; then mv -f "$old" "$image"
  else rm -f "$image" "$old"; fi
}
trap 'rm -rf "$scratch"; restore && unmark' EXIT
umask 077; mkdir -p "$stamps" || exit
mark || exit
created=
while [ "$1" != -- ]; do created="$created $1"; shift; done
shift
fail() {
  printf '%s: the new image %s; ' "$image" "$1" >&2
  if [ -s "$old" ]; then echo 'the old one is back in its place' >&2; else echo 'there was none before, and there is none now' >&2; fi
  rm -f "$stamps/new"; exit 1
}
rebuild() {
  how=$1 k=$2 image=/boot/initrd.img-$2 old=/boot/.tsplay-initrd.img-$2; shift 2
  if [ -e "$old" ]; then :
  elif [ -e "$image" ]; then ln "$image" "$old" 2>/dev/null || cp -p "$image" "$old" || exit
  else : >"$old" || exit; fi
  (umask 022; update-initramfs "$how" -k "$k") || fail 'could not be made'
  if [ "$old" -ef "$image" ]; then fail 'was not made, though update-initramfs said nothing of it'; fi
  inspect "$image" "$@" >"$stamps/new" || exit
  if grep -q '^broken ' "$stamps/new"; then fail "cannot be unpacked ($(sed -n 's/^broken //p' "$stamps/new"))"; fi
  lacking=$(lacking_root_module "$k" "$stamps/new")
  if [ -n "$lacking" ]; then fail "lacks $lacking, without which the root file system is not found (MODULES in /etc/initramfs-tools)"; fi
  sync "$image" 2>/dev/null || sync
  replaced=1
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
  /** All of them: each is made again, or made. */
  readonly images: readonly Pick<InitramfsImage, 'kernel' | 'path' | 'size'>[];
  readonly files: readonly string[];
  readonly predicted: PredictedImages;
}

export function rebuildInitramfs({ images, files, predicted }: Rebuild): Change {
  const missing = images.filter((image) => image.size === null).map((image) => image.kernel);
  return runCommand(['sh', '-c', SCRIPT, 'rebuild-initramfs', ...missing, '--', ...files], {
    purpose: 'rebuild the initramfs of every installed kernel (update-initramfs)',
    deadlineMs: REBUILD_MS,
    touches: [INITRAMFS, ...images.map((image) => pathResource(image.path)), 'path:/var/lib/tsplay/initramfs'],
    predicts: [{ resource: INITRAMFS, value: predicted }],
  });
}
