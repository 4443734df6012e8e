import { INITRAMFS_MARK } from '../../probes/boot-identity.ts';

/**
 * Shell functions around the mark that this boot runs on an older image than the next one. `mark` comes before the first
 * rebuild, so that no crash between here and there loses the reason to reboot; `unmark` takes it back where every image is as
 * it was, which the caller knows: it sets `replaced` before the first new image counts.
 */
export const REBUILD_MARK = `marked= replaced=
mark() {
  if [ -r ${INITRAMFS_MARK} ]; then marked=$(cat ${INITRAMFS_MARK}); fi
  cat /proc/sys/kernel/random/boot_id >${INITRAMFS_MARK}
}
unmark() {
  if [ -n "$replaced" ]; then return; fi
  if [ -n "$marked" ]; then printf '%s\\n' "$marked" >${INITRAMFS_MARK}; else rm -f ${INITRAMFS_MARK}; fi
}`;
