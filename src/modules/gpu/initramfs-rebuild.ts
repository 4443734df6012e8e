import { runCommand } from '../../changes/run-command.ts';
import type { Change } from '../../contract/change.ts';
import { INITRAMFS_MARK } from '../../probes/boot-identity.ts';
import { INITRAMFS, INSPECT, type PredictedImages } from '../../probes/initramfs-image.ts';

/**
 * Arguments: kernels without an image, `--`, paths in the image. First the mark that this boot runs on an older image,
 * so that no crash between here and there loses the reason to reboot; then all images; then what they really hold.
 * `-u` alone would rebuild the newest kernel only, and `-u -k all` makes no image that is not there yet.
 */
const SCRIPT = `${INSPECT}
umask 077; mkdir -p "$stamps" || exit
cat /proc/sys/kernel/random/boot_id >${INITRAMFS_MARK} || exit
(umask 022; update-initramfs -u -k all) || exit
while [ "$1" != -- ]; do (umask 022; update-initramfs -c -k "$1") || exit; shift; done
shift
for image in /boot/initrd.img-*; do
  k=\${image#/boot/initrd.img-}
  [ -d "/lib/modules/$k" ] || continue
  now=$(signature "$image") || exit
  { printf 'signature %s\\n' "$now"; inspect "$image" "$@"; } >"$stamps/new" || exit
  if grep -q '^broken ' "$stamps/new"; then
    printf '%s was rebuilt but cannot be unpacked: %s\\n' "$image" "$(grep '^broken ' "$stamps/new")" >&2
    rm -f "$stamps/new"; exit 1
  fi
  mv -f "$stamps/new" "$stamps/stamp-$k" || exit
done`;

/** Compressing a large image takes minutes for each kernel. */
const REBUILD_MS = 60 * 60_000;

export interface Rebuild {
  readonly missing: readonly string[];
  readonly files: readonly string[];
  readonly predicted: PredictedImages;
}

export function rebuildInitramfs({ missing, files, predicted }: Rebuild): Change {
  return runCommand(['sh', '-c', SCRIPT, 'rebuild-initramfs', ...missing, '--', ...files], {
    purpose: 'rebuild the initramfs of every installed kernel (update-initramfs -u -k all)',
    deadlineMs: REBUILD_MS,
    touches: [INITRAMFS, 'path:/boot', 'path:/var/lib/tsplay/initramfs'],
    predicts: [{ resource: INITRAMFS, value: predicted }],
  });
}
