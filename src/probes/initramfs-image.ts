import { type Overlay, type Probe, probe } from '../contract/probe.ts';
import { FIND_GENERATOR, generatorOf, type InitramfsGenerator } from './initramfs-generator.ts';
import { normaliseModule } from './modprobe-config.ts';
import { recordsOf, scriptKind } from './script-kind.ts';

/** What an initramfs of one installed kernel holds. */
export interface InitramfsImage {
  readonly kernel: string;
  readonly path: string;
  /** Bytes; null when the kernel has no image. */
  readonly size: number | null;
  /** Why it could not be unpacked: truncated, damaged. */
  readonly broken: string | null;
  /** A run that made it was killed before it had looked at it. */
  readonly isUnjudged: boolean;
  /** Modules in it, with underscores. */
  readonly modules: readonly string[];
  /** Lines of conf/modules, or names that dracut's rd.driver.pre gives: loaded before the root file system is mounted. */
  readonly early: readonly string[];
  /** Checksum and size of its files, by path in the image without the first slash. */
  readonly files: Readonly<Record<string, ImageFile>>;
  /** Which of the modules asked about this kernel has at all. */
  readonly available: readonly string[];
  readonly builtin: readonly string[];
}

export interface ImageFile {
  readonly cksum: number;
  readonly size: number;
}

export interface Initramfs {
  /** The tool that owns the images, found by looking. */
  readonly generator: InitramfsGenerator;
  /** A file that makes dracut write kernel and initramfs as one EFI program; null where none does. */
  readonly unifiedBy: string | null;
  /** A file that forbids update-initramfs to make an image again; null where none does. */
  readonly lockedBy: string | null;
  /** Bytes in /boot that an interrupted rebuild left there, and the next one frees first. */
  readonly spareBytes: number;
  readonly images: readonly InitramfsImage[];
}

export interface InitramfsQuestion {
  readonly modules: readonly string[];
  /** Paths in the image, besides etc/modprobe.d/*.conf; `hooks/…` is wherever this dracut keeps its hooks. */
  readonly files: readonly string[];
}

/** Check mode: what every image holds after a planned rebuild. */
export const INITRAMFS = 'kernel:/initramfs';

export interface PredictedImages {
  readonly early: readonly string[];
  readonly modules: readonly string[];
  readonly files: Readonly<Record<string, ImageFile>>;
}

/**
 * Shared by the probe and by the recording after a rebuild. `inspect IMAGE PATH…` unpacks below /run (or /var/tmp, where
 * /run is too small) and leaves nothing; unmkinitramfs puts the archive after early microcode into `main`, lsinitrd leaves
 * the microcode out. A stamp holds an inspection with the image's signature: inode, size and times to the nanosecond,
 * which a rebuild cannot keep. `force_drivers` of dracut end up as rd.driver.pre in etc/cmdline.d (dracut.cmdline(7)).
 */
export const INSPECT = `stamps=/var/lib/tsplay/initramfs scratch=
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' HUP INT TERM
signature() { TZ=UTC0 stat -L -c '%i:%s:%y:%z' -- "$1"; }
unpack() {
  case $generator in
  dracut) mkdir "$2" && cd "$2" && lsinitrd --unpack "$1" ;;
  *) unmkinitramfs "$1" "$2" ;;
  esac
}
inspect() {
  img=$1 said=; shift
  for base in /run /var/tmp; do
    scratch=$(mktemp -d "$base/tsplay-initramfs.XXXXXX") || { scratch=; continue; }
    if said=$(TMPDIR=$scratch; export TMPDIR; unpack "$img" "$scratch/tree" 2>&1) && [ -d "$scratch/tree" ]; then break; fi
    rm -rf "$scratch"; scratch=
  done
  if [ -z "$scratch" ]; then printf 'broken %s\\n' "$(printf '%s' "\${said:-cannot be unpacked}" | tail -n 1)"; return; fi
  tree=$scratch/tree
  [ -d "$tree/main" ] && tree=$tree/main
  find "$tree" -type f -name '*.ko*' | sed 's|.*/||; s|\\.ko.*||; s/-/_/g; s/^/module /' | sort -u
  [ -r "$tree/conf/modules" ] && sed -n 's/^[[:space:]]*\\([^#[:space:]].*\\)$/early \\1/p' "$tree/conf/modules"
  cat "$tree/etc/cmdline.d"/*.conf 2>/dev/null | tr ' ' '\\n' | sed -n 's/^rd\\.driver\\.pre=//p' | tr ',' '\\n' | sed -n 's/^./early &/p'
  (cd "$tree" && for p in etc/modprobe.d/*.conf "$@"; do
    q=$p
    case $p in hooks/*) for d in usr/lib var/lib lib; do [ -f "$d/dracut/$p" ] && q=$d/dracut/$p && break; done;; esac
    if [ -f "$q" ]; then cksum "$q" | { read -r c n _; printf 'file %s %s %s\\n' "$c" "$n" "$p"; }
    elif [ "$p" != 'etc/modprobe.d/*.conf' ]; then printf 'nofile %s\\n' "$p"; fi
  done)
  rm -rf "$scratch"; scratch=
}`;

/**
 * `$1`: names as a regular expression, or empty; the rest: paths in the image. Debian's dracut writes initrd.img-KERNEL
 * and says so in its program or its configuration; others write initramfs-KERNEL.img. What the images of a host are called
 * already counts more: boot entries name them so. The rescue image of a host has no
 * directory of modules and so is passed over.
 */
const SCRIPT = `${FIND_GENERATOR}
${INSPECT}
names=$1; shift
[ "$generator" = none ] && exit 0
style=initramfs conf=/etc/initramfs-tools/update-initramfs.conf
if [ "$generator" = initramfs-tools ] && grep -Eqs '^[[:space:]]*update_initramfs=["'\\'']?no' "$conf"; then echo "locked $conf"; fi
if [ "$generator" = dracut ]; then
  for f in /etc/dracut.conf /etc/dracut.conf.d/*.conf /usr/lib/dracut/dracut.conf.d/*.conf; do
    [ -r "$f" ] || continue
    if grep -q '^[[:space:]]*uefi=["'\\'']*yes' "$f"; then echo "unified $f"; fi
    if grep -q '^[^#]*initrd\\.img-' "$f"; then style=initrd; fi
  done
  if grep -q 'boot/initrd\\.img-' "$(command -v dracut)"; then style=initrd; fi
  for f in /boot/.tsplay-init*; do if [ -e "$f" ]; then stat -c 'spare %s' -- "$f"; fi; done
  plain= debian=
  for f in /boot/initramfs-*.img; do f=\${f#/boot/initramfs-}; [ -d "/lib/modules/\${f%.img}" ] && plain=1; done
  for f in /boot/initrd.img-*; do [ -d "/lib/modules/\${f#/boot/initrd.img-}" ] && debian=1; done
  if [ -n "$plain" ] && [ -z "$debian" ]; then style=initramfs; fi
  if [ -z "$plain" ] && [ -n "$debian" ]; then style=initrd; fi
fi
image_of() {
  image=/boot/initrd.img-$1 other=/boot/initramfs-$1.img
  [ "$generator" = dracut ] || return 0
  if [ "$style" = initramfs ]; then other=$image; image=/boot/initramfs-$1.img; fi
  if [ ! -e "$image" ] && [ -e "$other" ]; then image=$other; fi
}
fits() {
  [ -r "$1" ] || return 1
  IFS= read -r first <"$1"
  [ "$first" = "signature $2" ] || return 1
  stamp=$1; shift 2
  for p do grep -q -e "^file [0-9]* [0-9]* $p\\$" -e "^nofile $p\\$" "$stamp" || return 1; done
}
for v in /boot/vmlinuz-* /boot/vmlinux-*; do
  [ -e "$v" ] || continue
  k=\${v#/boot/vmlinu?-}
  [ -d "/lib/modules/$k" ] || continue
  image_of "$k"
  printf 'kernel %s\\nimage %s\\n' "$k" "$image"
  if [ "$generator" = initramfs-tools ] && [ -e "/boot/.tsplay-initrd.img-$k" ]; then echo unjudged; fi
  if [ -n "$names" ]; then
    grep -Eho "/($names)\\\\.ko" "/lib/modules/$k/modules.builtin" 2>/dev/null | sed 's|/||; s|\\.ko||; s/^/builtin /'
    grep -Eho "^[^:]*/($names)\\\\.ko[^:]*:" "/lib/modules/$k/modules.dep" 2>/dev/null | sed 's|.*/||; s|\\.ko.*||; s/^/available /'
  fi
  [ -e "$image" ] || continue
  now=$(signature "$image") || continue
  size=\${now#*:}; printf 'size %s\\n' "\${size%%:*}"
  if fits "$stamps/stamp-$k" "$now" "$@"; then cat "$stamps/stamp-$k"; else inspect "$image" "$@"; fi
done
exit 0`;

const kind = scriptKind<InitramfsQuestion, Initramfs>({
  name: 'initramfs',
  script: SCRIPT,
  args: ({ modules, files }) => [modules.map(patternOf).join('|'), ...files],
  parse: parseInitramfs,
  predict,
});

/** @example await read(initramfs({ modules: ['vfio-pci'], files: [] })) */
export function initramfs(question: InitramfsQuestion): Probe<Initramfs> {
  return probe(kind, question, [INITRAMFS, 'path:/boot', 'path:/var/lib/tsplay/initramfs', 'path:/lib/modules']);
}

function patternOf(name: string): string {
  return normaliseModule(name).replaceAll('_', '[-_]');
}

export function parseInitramfs(stdout: string): Initramfs {
  const records = recordsOf(stdout);
  const starts = records.flatMap(([key], index) => (key === 'kernel' ? [index] : []));
  const images = starts.map((start, index) => imageOf(records.slice(start, starts[index + 1])));
  const unifiedBy = records.find(([key]) => key === 'unified')?.[1] ?? null;
  const lockedBy = records.find(([key]) => key === 'locked')?.[1] ?? null;
  const spare = records.filter(([key]) => key === 'spare').map(([, bytes]) => Number(bytes));
  return { generator: generatorOf(records), unifiedBy, lockedBy, spareBytes: spare.reduce((a, b) => a + b, 0), images };
}

function imageOf(records: readonly (readonly [string, string])[]): InitramfsImage {
  const of = (key: string) => records.filter(([name]) => name === key).map(([, value]) => value);
  const [size] = of('size');
  return {
    kernel: of('kernel')[0] ?? '',
    path: of('image')[0] ?? '',
    size: size === undefined ? null : Number(size),
    broken: of('broken')[0] ?? null,
    isUnjudged: of('unjudged').length > 0,
    modules: of('module'),
    early: of('early'),
    files: Object.fromEntries(of('file').map(fileOf)),
    available: of('available').map(normaliseModule),
    builtin: of('builtin').map(normaliseModule),
  };
}

function fileOf(text: string): readonly [string, ImageFile] {
  const [cksum, size, ...path] = text.split(' ');
  return [path.join(' '), { cksum: Number(cksum), size: Number(size) }];
}

function predict(_: InitramfsQuestion, value: Initramfs, overlay: Overlay): Initramfs {
  const fact = overlay.fact(INITRAMFS) as PredictedImages | undefined;
  if (!fact) return value;
  const rebuilt = (image: InitramfsImage): InitramfsImage => ({
    ...image,
    ...fact,
    broken: null,
    isUnjudged: false,
    size: image.size ?? 1,
    modules: [...new Set([...image.modules, ...fact.modules])],
  });
  return { ...value, images: value.images.map(rebuilt) };
}
