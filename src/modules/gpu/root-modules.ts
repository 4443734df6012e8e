/**
 * Shell function `root_modules`: names of the loadable modules that stand between the kernel and its root file system, one a
 * line: the file system's own, and the driver of every device above its disk, below device mapper and md too. An initramfs
 * without one of them does not find `/`. A driver inside the kernel image has no initstate (Documentation/ABI/stable/sysfs-module);
 * a root without a disk, of a network or in memory, names none.
 *
 * `lacking_root_module KERNEL LISTING` prints the first of them that this kernel has as a file and the listing (`module NAME`
 * lines) does not hold.
 */
export const ROOT_MODULES = `loadable() { if [ -e "/sys/module/$1/initstate" ]; then printf '%s\\n' "$1"; fi; }
above() { (
  cd -P "$1" 2>/dev/null || exit 0
  for below in slaves/* ../slaves/*; do if [ -e "$below" ]; then above "$PWD/$below"; fi; done
  while [ "$PWD" != / ] && [ "$PWD" != /sys/devices ]; do
    if [ -e driver/module ]; then m=$(readlink driver/module); loadable "\${m##*/}"; fi
    cd ..
  done
) }
root_modules() {
  set -- $(sed -n 's|^[0-9]* [0-9]* \\([0-9:]*\\) [^ ]* / .* - \\([^ ]*\\) .*|\\1 \\2|p' /proc/self/mountinfo | tail -n 1)
  [ -e "/sys/dev/block/\${1-}" ] || return 0
  loadable "$2"
  above "/sys/dev/block/$1"
}
lacking_root_module() {
  for m in $(root_modules); do
    if grep -q "^module $m\\$" "$2"; then continue; fi
    if grep -Eq "/$(printf %s "$m" | sed 's/_/[-_]/g')\\.ko" "/lib/modules/$1/modules.dep"; then printf '%s\\n' "$m"; return; fi
  done
}`;
