import { STAT_FORMAT } from './stat-line.ts';

/**
 * `deepest`: what keeps us from seeing a path that seems absent? `[ -e ]` is false both for "is not there" and for "you
 * may not look", and taking the second for the first would create a file over one that exists.
 */
const MAY_LOOK = `
may_look() {
  d=$1
  while [ -n "$d" ] && [ ! -e "$d" ]; do d=\${d%/*}; done
  [ ! -d "\${d:-/}" ] || [ -x "\${d:-/}" ]
}`;

/**
 * Any number of paths in one go, because each program costs the host more than all the rest: one stat and one cat for all of them.
 * Arguments are `s/path` for what is at a path, and `max/path` for the content at the end of its links up to so many bytes.
 * Prints a line of flags (1 exists, 0 absent; f exists, a absent, d dangling link, l link loop, in capitals where the real path
 * differs; x hidden); those real paths, each with its length; a stat line for each that exists (- where stat failed); a line of
 * letters as {@link CONTENTS} has them; the targets of links, each with its length; the contents one after the other.
 *
 * Paths stay where they are, in "$@", and lists name them by number: `held` for those that exist, `ask` for stat and `kept` for
 * cat as shell words. `set -- "$@" "$p"` in a loop would copy all arguments for each of them.
 */
export const FILES_SCRIPT = `${MAY_LOOK}
i=0 flags= reals= held= ask= each= last= f='${STAT_FORMAT}' TZ=UTC0; export TZ
real_of() {
  r=$1 d=\${1%/*}
  if [ -L "$1" ]; then
    r=$(readlink -f -- "$1" 2>/dev/null; printf x); r=\${r%x}; r=\${r%?}
  elif [ "$d" != "$last" ]; then
    if cd -P -- "\${d:-/}" 2>/dev/null; then last=$d; r=\${PWD%/}/\${1##*/}; else last=; fi
  elif [ -n "$last" ]; then r=\${PWD%/}/\${1##*/}; fi
}
flag() {
  if [ "$r" = "$p" ] || [ -z "$r" ]; then flags=$flags$1
  else flags=$flags$2 reals="$reals\${#r}:$r
"; fi
}
hold() { held="$held$i "; ask="$ask \\"$1\\""; }
for w do
  i=$((i + 1)) p=/\${w#*/}
  case $w in s/*)
    if [ -e "$p" ] || [ -L "$p" ]; then hold "/\\\${$i#*/}"; flags=\${flags}1
    elif may_look "$p"; then flags=\${flags}0
    else flags=\${flags}x; fi
    continue
  esac
  real_of "$p"
  if [ -e "$p" ]; then
    if [ ! -L "$p" ]; then hold "/\\\${$i#*/}"
    elif [ -n "$r" ]; then eval "r$i=\\$r"; hold "\\$r$i"
    else hold; each=1; fi
    flag f F
  elif [ -L "$p" ]; then
    case $(stat -L -c %s -- "$p" 2>&1) in *levels\\ of\\ symbolic*|*link\\ loop*) flags=\${flags}l;; *)
      [ -n "$r" ] || { r=$(readlink -- "$p"; printf x); r=\${r%??}; case $r in /*) ;; *) r=\${p%/*}/$r;; esac; }
      flag d D;;
    esac
  elif may_look "$p"; then flag a A
  else flags=\${flags}x; fi
done
printf '%s\\n%s' "$flags" "$reals"; [ -n "$held" ] || exit 0
[ -n "$each" ] || eval "s=\\$(stat -c \\"\\$f\\" -- $ask)" || each=1
[ -z "$each" ] || s=$(for i in $held; do
  eval "w=\\\${$i}"; p=/\${w#*/}
  case $w in (s/*) stat -c "$f" -- "$p";; (*) stat -L -c "$f" -- "$p";; esac || printf -- '-\\n'
done)
printf '%s\\n' "$s"
set -f; IFS='
'
o= kept= links= total=0
for line in $s; do
  i=\${held%% *} held=\${held#* } size=\${line%%|*}; eval "w=\\\${$i}"; p=/\${w#*/}
  case $w in s/*) [ ! -L "$p" ] || links="$links$i
"; continue; esac
  if [ "$size" = - ]; then o=\${o}v
  elif [ ! -f "$p" ]; then o=\${o}n
  elif [ "$size" -gt "\${w%%/*}" ]; then o=\${o}t
  elif [ ! -r "$p" ]; then o=\${o}u
  elif [ $((total + size)) -gt 7340032 ]; then o=\${o}b
  else total=$((total + size)) o=\${o}c kept="$kept \\"/\\\${$i#*/}\\""; fi
done
printf '%s\\n' "$o"
for i in $links; do
  eval "w=\\\${$i}"; t=$(readlink -- "/\${w#*/}"; printf x); t=\${t%??}
  printf '%s:%s\\n' "\${#t}" "$t"
done
IFS=' '; [ -z "$kept" ] || eval "exec cat -- $kept"`;

/**
 * For the paths in "$@", all of which exist: their stat lines, one letter each (c content, t too large, u unreadable, n
 * not a file, b beyond the budget of one reply, v vanished), then the contents one after the other.
 */
export const CONTENTS = `
[ $# -gt 0 ] || exit 0
f='${STAT_FORMAT}' TZ=UTC0 total=0; export TZ
s=$(stat -L -c "$f" -- "$@") || s=$(for p do stat -L -c "$f" -- "$p" || printf -- '-\\n'; done)
printf '%s\\n' "$s"
set -f; IFS='
'
i=0 kept= o=
for line in $s; do
  i=$((i + 1)) size=\${line%%|*}; eval "p=\\\${$i}"
  if [ "$size" = - ]; then o=\${o}v
  elif [ ! -f "$p" ]; then o=\${o}n
  elif [ "$size" -gt "$max" ]; then o=\${o}t
  elif [ ! -r "$p" ]; then o=\${o}u
  elif [ $((total + size)) -gt 7340032 ]; then o=\${o}b
  else total=$((total + size)) o=\${o}c kept="$kept \\"\\\${$i}\\""; fi
done
printf '%s\\n' "$o"; eval "set -- $kept"
[ $# -eq 0 ] || cat -- "$@"
exit 0`;

/** Arguments: pairs of directory and suffix. For each the number of names (- for no directory) and the names by length. */
export const DIRECTORY_SCRIPT = `max=$1; shift; n=$#; i=0
while [ "$i" -lt "$n" ]; do
  dir=$1 suffix=$2 count=0; shift 2; i=$((i + 2))
  if [ ! -d "$dir" ]; then printf -- '-\\n'; continue; fi
  if [ ! -r "$dir" ] || [ ! -x "$dir" ]; then printf 'x\\n'; continue; fi
  for p in "\${dir%/}"/*"$suffix"; do { [ -f "$p" ] || [ -c "$p" ]; } && count=$((count + 1)); done
  printf '%s\\n' "$count"
  for p in "\${dir%/}"/*"$suffix"; do
    [ -f "$p" ] || [ -c "$p" ] || continue
    b=\${p##*/}; printf '%s:%s\\n' "\${#b}" "$b"; set -- "$@" "$p"
  done
done${CONTENTS}`;

/** For each directory the number of names in it (- for no directory, x for one that may not be listed) and the names by length. */
export const NAMES_SCRIPT = `
for dir do
  if [ ! -d "$dir" ]; then printf -- '-\\n'; continue; fi
  if [ ! -r "$dir" ] || [ ! -x "$dir" ]; then printf 'x\\n'; continue; fi
  count=0; set --
  for p in "\${dir%/}"/* "\${dir%/}"/.*; do
    b=\${p##*/}
    [ "$b" != . ] && [ "$b" != .. ] && { [ -e "$p" ] || [ -L "$p" ]; } && { count=$((count + 1)); set -- "$@" "$b"; }
  done
  printf '%s\\n' "$count"
  for b do printf '%s:%s\\n' "\${#b}" "$b"; done
done`;
