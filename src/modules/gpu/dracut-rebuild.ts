import { runCommand } from '../../changes/run-command.ts';
import type { Change } from '../../contract/change.ts';
import { pathResource } from '../../contract/resource.ts';
import { INITRAMFS, INSPECT, type InitramfsImage, type PredictedImages } from '../../probes/initramfs-image.ts';
import { REBUILD_MARK } from './rebuild-mark.ts';
import { ROOT_MODULES } from './root-modules.ts';

/**
 * Arguments: kernel and image in pairs, `--`, paths in the image. dracut writes over the old image and removes it when that
 * fails, so it is given another name in the same directory: the old one gives way only to one that was unpacked,
 * found whole and fit for the root disk, and flushed. `--regenerate-all` would choose the names itself.
 */
const SCRIPT = `generator=dracut new= pairs=
${INSPECT}
${ROOT_MODULES}
${REBUILD_MARK}
trap 'rm -rf "$scratch" "$new"; unmark' EXIT
umask 077; mkdir -p "$stamps" || exit
rm -f /boot/.tsplay-init*
mark || exit
while [ "$1" != -- ]; do pairs="$pairs$1 $2
"; shift 2; done
shift
fail() { rm -f "$stamps/new"; printf '%s: %s; the image of kernel %s is as it was\\n' "$image" "$1" "$kernel" >&2; exit 1; }
while read -r kernel image; do
  [ -n "$kernel" ] || continue
  if [ -L "$image" ]; then image=$(readlink -f "$image") || exit; fi
  new=\${image%/*}/.tsplay-\${image##*/}
  rm -f "$new"
  (umask 022; dracut --force "$new" "$kernel" </dev/null) || fail 'dracut failed'
  inspect "$new" "$@" >"$stamps/new" || exit
  if grep -q '^broken ' "$stamps/new"; then fail "the new one cannot be unpacked ($(sed -n 's/^broken //p' "$stamps/new"))"; fi
  lacking=$(lacking_root_module "$kernel" "$stamps/new")
  if [ -n "$lacking" ]; then fail "the new one lacks $lacking, without which the root file system is not found (omit_drivers, hostonly in /etc/dracut.conf.d)"; fi
  sync "$new" 2>/dev/null || sync
  replaced=1
  mv -f "$new" "$image" || exit
  sync "\${image%/*}" 2>/dev/null || sync
  now=$(signature "$image") || exit
  { printf 'signature %s\\n' "$now"; cat "$stamps/new"; } >"$stamps/stamp-$kernel" || exit
done <<LIST
$pairs
LIST
rm -f "$stamps/new"`;

/** Images for any host take minutes for each kernel. */
const REBUILD_MS = 60 * 60_000;

export interface DracutRebuild {
  readonly images: readonly Pick<InitramfsImage, 'kernel' | 'path'>[];
  readonly files: readonly string[];
  readonly predicted: PredictedImages;
}

/** Rebuilds only the images named: the others are as they should be, and each takes a minute or more. */
export function rebuildWithDracut({ images, files, predicted }: DracutRebuild): Change {
  const pairs = images.flatMap(({ kernel, path }) => [kernel, path]);
  return runCommand(['sh', '-c', SCRIPT, 'rebuild-initramfs', ...pairs, '--', ...files], {
    purpose: `rebuild the initramfs of ${images.map((one) => one.kernel).join(', ')} (dracut)`,
    deadlineMs: REBUILD_MS,
    touches: [INITRAMFS, ...images.map((image) => pathResource(image.path)), 'path:/var/lib/tsplay/initramfs'],
    predicts: [{ resource: INITRAMFS, value: predicted }],
  });
}
