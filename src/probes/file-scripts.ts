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
 * Remembers the argument whose number is `i`, for `eval "set -- $kept"` after the loop: `set -- "$@" "$p"` within it would
 * copy all arguments for each of them. Flags are gathered in `o` and written at once, because each write is a system call.
 */
const KEEP = 'kept="$kept \\"\\${$i}\\""';

/** Prints flags (1 exists, 0 absent, x hidden), one stat line for each that exists, then the targets of links. */
export const STATE_SCRIPT = `${MAY_LOOK}
i=0 kept= o= f='${STAT_FORMAT}' TZ=UTC0; export TZ
for p do
  i=$((i + 1))
  if [ -e "$p" ] || [ -L "$p" ]; then ${KEEP}; o=\${o}1
  elif may_look "$p"; then o=\${o}0
  else o=\${o}x; fi
done
printf '%s\\n' "$o"; eval "set -- $kept"; [ $# -gt 0 ] || exit 0
stat -c "$f" -- "$@" || { printf '!\\n'; for p do stat -c "$f" -- "$p" || printf -- '-\\n'; done; }
printf '=\\n'
for p do
  [ -L "$p" ] || continue
  t=$(readlink -- "$p"; printf x); t=\${t%??}
  printf '%s\\n%s\\n' "\${#t}" "$t"
done
exit 0`;

/**
 * For every path of "$@": a line with a flag (f exists, a absent, d dangling link, l link loop, x hidden) and, where it
 * differs, the real path with its length. Leaves those that exist in "$@".
 */
const RESOLVE = `${MAY_LOOK}
i=0 kept= o= last=
real_of() {
  r=$1 d=\${1%/*}
  if [ -L "$1" ]; then
    r=$(readlink -f -- "$1" 2>/dev/null; printf x); r=\${r%x}; r=\${r%?}
  elif [ "$d" != "$last" ]; then
    if cd -P -- "\${d:-/}" 2>/dev/null; then last=$d; r=\${PWD%/}/\${1##*/}; else last=; fi
  elif [ -n "$last" ]; then r=\${PWD%/}/\${1##*/}; fi
}
flag() {
  if [ "$r" = "$2" ] || [ -z "$r" ]; then o="$o$1
"; else o="$o$1\${#r}:$r
"; fi
}
for p do
  i=$((i + 1)); real_of "$p"
  if [ -e "$p" ]; then ${KEEP}; flag f "$p"
  elif [ -L "$p" ]; then
    case $(stat -L -c %s -- "$p" 2>&1) in *levels\\ of\\ symbolic*|*link\\ loop*) r= ; flag l "$p";; *)
      [ -n "$r" ] || { r=$(readlink -- "$p"; printf x); r=\${r%??}; case $r in /*) ;; *) r=\${p%/*}/$r;; esac; }
      flag d "$p";;
    esac
  elif may_look "$p"; then flag a "$p"
  else r= ; flag x "$p"; fi
done
printf '%s' "$o"; eval "set -- $kept"`;

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
  else total=$((total + size)) o=\${o}c; ${KEEP}; fi
done
printf '%s\\n' "$o"; eval "set -- $kept"
[ $# -eq 0 ] || cat -- "$@"
exit 0`;

export const CONTENT_SCRIPT = `max=$1; shift${RESOLVE}${CONTENTS}`;

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
