import { VERSION_FORMAT } from '../contract/file-state.ts';
import { DIE, versionOf } from './refusal.ts';

/**
 * Arguments: directory, name, temporary name, mode, owner[:group] or nothing, expected version, size, backup name or
 * nothing, attributes to keep, validator words. Content on stdin.
 *
 * - Works inside the directory (cd -P) under names without a slash: nobody can swap a parent for a link meanwhile.
 * - The temporary file is created exclusively with mode 0 and written, owned and opened up through its descriptor, so
 *   that it is never readable by more people than in the end and no planted link is followed.
 * - Whatever happens, the temporary file goes; one that a killed run left is removed by a later write, after an hour,
 *   when no writer can still be using it.
 * - Only an exact, complete temporary file is renamed, and only over the version that was read.
 */
export const WRITE_FILE_SCRIPT = `${DIE}${versionOf(VERSION_FORMAT)}
directory=$1 base=$2 tmp=$3 mode=$4 owner=$5 expected=$6 size=$7 backup=$8 keep=$9
shift 9
cd -P -- "$directory" 2>/dev/null || { cd /; die no-directory; }
for old in ./.tsplay-*; do
  [ -e "$old" ] && find . ! -name . -prune -name '.tsplay-*' -type f -mmin +60 -exec rm -f -- {} +
  break
done
still_expected() {
  case $expected in
  sha256:*)
    command -v sha256sum >/dev/null || die no-hash
    [ -f "./$base" ] && [ ! -L "./$base" ] && [ "$(sha256sum < "./$base" | cut -d' ' -f1)" = "\${expected#sha256:}" ] ;;
  *)
    now=$(version_of "./$base") || die no-stat
    [ "$now" = "$expected" ] ;;
  esac
}
write() {
  umask 022
  t=/proc/self/fd/3; [ -e "$t" ] || t=./$tmp
  cat >&3 || die write
  [ "$(stat -c %s -- "./$tmp")" = "$size" ] || die short-input
  [ -z "$owner" ] || chown -- "$owner" "$t" || die chown
  if [ -f "./$base" ]; then
    [ ! -e /sys/fs/selinux/enforce ] || keep=$keep,context
    cp --attributes-only --preserve="$keep" -- "./$base" "$t" 2>/dev/null
  fi
  chmod -- "$mode" "$t" || die chmod
  flush "$t"
  [ $# -eq 0 ] || "$@" </dev/null >&2 3>&- || die validate
  still_expected || die changed
  if [ -n "$backup" ]; then
    ln -- "./$base" "./$backup" 2>/dev/null || cp -p -- "./$base" "./$backup" || { rm -f -- "./$backup"; die backup; }
    [ "\${expected#sha256:}" != "$expected" ] || expected=$(version_of "./$base")
    still_expected || die changed
  fi
  mv -f -- "./$tmp" "./$base" || { [ -z "$backup" ] || rm -f -- "./$backup"; die rename; }
  flush .
}
flush() {
  said=$(sync -- "$1" 2>&1) && return
  case $said in *Input/output*|*"No space"*|*quota*) printf '%s\\n' "$said" >&2; die flush;; esac
  sync
}
trap 'rm -f -- "./$tmp"' EXIT
trap 'exit 129' HUP; trap 'exit 130' INT; trap 'exit 143' TERM
umask 777
set -C
{ set +C; write "$@"; exit 0; } 3> "./$tmp"
trap - EXIT
die create`;
