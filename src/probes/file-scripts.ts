import { STAT_FORMAT } from './stat-line.ts';

/**
 * Whether a path that seems absent could be seen if it were there. `[ -e ]` is false both for "is not there" and for "you
 * may not look", and taking the second for the first would create a file over one that exists.
 */
const MAY_LOOK = `
may_look() {
  d=$1
  while [ -n "$d" ] && [ ! -e "$d" ]; do d=\${d%/*}; done
  [ ! -d "\${d:-/}" ] || [ -x "\${d:-/}" ]
}`;

/**
 * The second half of a look at many paths at once: one stat and one reading of contents for all, because each program costs the
 * host more than all the rest. "$@" are the paths; `all` says how they are to be looked at, in groups `s 3 0 2 4096 5 `: the first
 * three themselves, the next two with the content at the end of their links up to 0 bytes, five up to 4096. Paths stay in "$@", since
 * `set -- "$@" "$p"` in a loop would copy all of them each time: `held` lists the numbers of those that exist, `ask` the same as shell
 * words for stat. With `usual` all of them exist, and `s` is what stat said.
 *
 * Prints `head`; a stat line for each (- where stat failed); a letter for each content (c content, t too large, u unreadable, n not a
 * file, b beyond the budget of one reply, v vanished); the names behind pairs of owner and group other than root's, each pair once,
 * and `=`; the targets of links, each with its length; the contents one after the other. `stat -c %U` itself would read /etc/passwd
 * again for every file, or ask a directory server. Few writes, because each is a packet: tail fills a buffer where cat writes
 * for each file.
 */
const LOOK = `
[ -n "$usual$each" ] || eval "s=\\$(stat $follow -c \\"\\$f\\" -- $ask)" || each=1
[ -z "$each" ] || { again; s=$(for i in $held; do
  group; eval "p=\\\${$i}"
  case $m in (s) stat -c "$f" -- "$p";; (*) stat -L -c "$f" -- "$p";; esac || printf -- '-\\n'
done); }
u= g= known=
[ ! -r /etc/passwd ] || read -r u </etc/passwd
[ ! -r /etc/group ] || read -r g </etc/group
case $u/$g in root:x:0:*/root:x:0:*) known=' 0:0 ';; esac
set -f; IFS='
'
i=0 o= kept= links= who= whose= owners= total=0
again
for line in $s; do
  if [ -n "$usual" ]; then i=$((i + 1)); else i=\${held%% *} held=\${held#* }; fi
  [ "$i" -le "$to" ] || group
  ids=\${line#*|}; mode=\${ids#*|} ids=\${ids%%|*}
  case $known in *" $ids "*) ;; *) [ "$line" = - ] || {
    known="$known $ids "
    if [ "$m" = s ]; then who="$who$i
"; else whose="$whose$i
"; fi; } ;; esac
  case $m/$mode in
  s/a???\\|*) links="$links$i
";;
  s/*) ;;
  */8???\\|*)
    size=\${line%%|*}; eval "p=\\\${$i}"
    if [ "$size" -gt "$m" ]; then o=\${o}t
    elif [ ! -r "$p" ]; then o=\${o}u
    elif [ $((total + size)) -gt 7340032 ]; then o=\${o}b
    else total=$((total + size)) o=\${o}c kept="$kept \\"\\\${$i}\\""; fi;;
  */-) o=\${o}v;;
  *) o=\${o}n;;
  esac
done
n='%u:%g|%U|%G'
[ -z "$who$whose" ] || owners=$(
  for i in $who; do eval "stat -c \\"\\$n\\" -- \\"\\\${$i}\\""; done
  for i in $whose; do eval "stat -L -c \\"\\$n\\" -- \\"\\\${$i}\\""; done
)
printf '%s%s\\n%s\\n%s\\n' "$head" "$s" "$o" "\${owners:+$owners
}="
for i in $links; do
  eval "p=\\\${$i}"; t=$(readlink -- "$p"; printf x); t=\${t%??}
  printf '%s:%s\\n' "\${#t}" "$t"
done
IFS=' '; [ -z "$kept" ] || eval "exec tail -q -c +1 -- $kept"
exit 0`;

/** `group` makes `m` how path `i` is looked at, and `to` the last one of its group; `again` begins with the first. */
const GROUPS = `
f='${STAT_FORMAT}' TZ=UTC0; export TZ
again() { groups=$all to=0; }
group() {
  while [ "$i" -gt "$to" ]; do
    m=\${groups%%[ ,]*} groups=\${groups#* }
    to=$((to + \${groups%% *})) groups=\${groups#* }
  done
}
`;

/**
 * For {@link FILES_SCRIPT}, where a path is absent, hidden, a link or behind one. A path that is looked at in several ways is now there
 * once for each. `head` becomes a line of flags (1 exists, 0 absent; f exists, a absent, d dangling link, l link loop, in capitals where
 * the real path differs; x hidden), then those real paths, each with its length.
 * Nobody asks readlink -f before the kernel said that it is no circle: coreutils follows a link into itself for ever.
 */
export const UNUSUAL_SCRIPT = `${MAY_LOOK}
all= list= i=0
while [ -n "$looks" ]; do
  kinds=\${looks%% *} looks=\${looks#* }; n=\${looks%% *} looks=\${looks#* }
  while [ -n "$kinds" ]; do
    all="$all\${kinds%%,*} $n " j=0
    while [ "$j" -lt "$n" ]; do j=$((j + 1)) list="$list \\"\\\${$((i + j))}\\""; done
    case $kinds in *,*) kinds=\${kinds#*,};; *) kinds=;; esac
  done
  i=$((i + n))
done
eval "set -- $list"
again
i=0 flags= reals= last=. same=
flag() {
  if [ -z "$r" ] || [ "$r" = "$p" ]; then flags=$flags$1
  else flags=$flags$2 reals="$reals\${#r}:$r
"; fi
}
real() { r=$(readlink -f -- "$p" 2>/dev/null; printf x); r=\${r%x}; r=\${r%?}; }
link() {
  r=
  if [ -e "$p" ]; then
    real
    held="$held$i "
    if [ -n "$r" ]; then eval "r$i=\\$r"; ask="$ask \\"\\$r$i\\""; else each=1; fi
    flag f F; return
  fi
  case $(stat -L -c %s -- "$p" 2>&1) in *levels\\ of\\ symbolic*|*link\\ loop*) flags=\${flags}l;; *)
    real
    [ -n "$r" ] || { r=$(readlink -- "$p"; printf x); r=\${r%??}; case $r in /*) ;; *) r=\${p%/*}/$r;; esac; }
    flag d D;;
  esac
}
for p do
  i=$((i + 1))
  [ "$i" -le "$to" ] || group
  if [ "$m" = s ]; then
    if [ -e "$p" ] || [ -L "$p" ]; then held="$held$i " ask="$ask \\"\\\${$i}\\"" flags=\${flags}1
    elif may_look "$p"; then flags=\${flags}0
    else flags=\${flags}x; fi
    continue
  fi
  if [ -L "$p" ]; then link; continue; fi
  d=\${p%/*} r=
  if [ "$d" != "$last" ]; then
    last=$d same=1
    if cd -P -- "\${d:-/}" 2>/dev/null; then [ "\${PWD%/}" = "$d" ] || same=; fi
  fi
  [ -n "$same" ] || r=\${PWD%/}/\${p##*/}
  if [ -e "$p" ]; then held="$held$i " ask="$ask \\"\\\${$i}\\""; flag f F
  elif may_look "$p"; then flag a A
  else flags=\${flags}x; fi
done
head="$flags
$reals"
[ -n "$held" ] || { printf %s "$head"; exit 0; }`;

/**
 * Arguments: {@link UNUSUAL_SCRIPT}; how the paths are looked at, in groups as for {@link LOOK}, where `4096,s 3 ` stands for three
 * paths that are looked at in both ways; the number of directories of those whose content is asked for, and these; the paths, each
 * once. Most often all of them are there, none is a link, and one stat says so: `head` is then a dot, and one line and one content
 * serve all ways to look at a path.
 */
export const FILES_SCRIPT = `${GROUPS}
unusual=$1 looks=$2 n=$3 usual=1 held= ask= each= follow=; shift 3
while [ "$n" -gt 0 ]; do
  { cd -P -- "\${1:-/}" && [ "\${PWD%/}" = "$1" ]; } 2>/dev/null || usual=
  n=$((n - 1)); shift
done
all=$looks head='.
'
[ -n "$usual" ] && s=$(stat -c "$f" -- "$@" 2>/dev/null) || usual=
case $s in *\\|a???\\|*) usual=;; esac
[ -n "$usual" ] || eval "$unusual"
${LOOK}`;

/**
 * Arguments: the most bytes of a file, then pairs of directory and suffix. For each the number of names (- for no directory) and the
 * names by length; then what {@link LOOK} says of all those files.
 */
export const DIRECTORY_SCRIPT = `${GROUPS}max=$1; shift; n=$#; i=0 usual= held= ask= each= head= follow=-L
while [ "$i" -lt "$n" ]; do
  dir=$1 suffix=$2 count=0; shift 2; i=$((i + 2))
  if [ ! -d "$dir" ]; then head="$head-
"; continue; fi
  if [ ! -r "$dir" ] || [ ! -x "$dir" ]; then head="\${head}x
"; continue; fi
  for p in "\${dir%/}"/*"$suffix"; do { [ -f "$p" ] || [ -c "$p" ]; } && count=$((count + 1)); done
  head="$head$count
"
  for p in "\${dir%/}"/*"$suffix"; do
    [ -f "$p" ] || [ -c "$p" ] || continue
    b=\${p##*/}; head="$head\${#b}:$b
"; set -- "$@" "$p"
  done
done
i=0
while [ "$i" -lt $# ]; do i=$((i + 1)) held="$held$i " ask="$ask \\"\\\${$i}\\""; done
all="$max $# "
[ -n "$held" ] || { printf %s "$head"; exit 0; }
${LOOK}`;

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
