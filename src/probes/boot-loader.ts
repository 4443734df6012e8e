import { type Probe, probe } from '../contract/probe.ts';
import { recordsOf, scriptKind } from './script-kind.ts';

/** Who decides the kernel command line of the next boot, found by looking, never by the distribution's name. */
export type BootLoader =
  | { readonly kind: 'grub-mkconfig'; readonly configFile: string; readonly updateCommand: string }
  /** GRUB that takes its entries from /boot/loader/entries; `configFile` holds the rest of its menu. */
  | { readonly kind: 'bls'; readonly evidence: string; readonly configFile: string }
  | { readonly kind: 'systemd-boot'; readonly evidence: string }
  | { readonly kind: 'ostree'; readonly evidence: string }
  | { readonly kind: 'none'; readonly evidence: string };

/**
 * `$1` is a root prefix, empty outside tests. LoaderInfo names the loader that booted this very system
 * (systemd.io/BOOT_LOADER_INTERFACE); its text is UTF-16, hence the removal of NUL bytes.
 */
const SCRIPT = `r=$1
[ -e "$r/run/ostree-booted" ] && echo "ostree $r/run/ostree-booted"
for f in "$r"/sys/firmware/efi/efivars/LoaderInfo-*; do
  [ -r "$f" ] && case $(tr -d '\\000' <"$f" 2>/dev/null) in *systemd-boot*|*systemd-stub*) echo "systemd-boot $f";; esac
done
for f in "$r/boot/grub/grub.cfg" "$r/boot/grub2/grub.cfg"; do
  [ -r "$f" ] || continue
  echo "config $f"
  if grep -Eq '^[[:space:]]*blscfg' "$f"; then echo "bls $f"
  elif grep -Eq '^[[:space:]]*linux(efi|16)?[[:space:]]' "$f"; then echo "menu $f"; fi
done
for f in "$r/etc/grub2.cfg" "$r/etc/grub2-efi.cfg"; do
  [ -r "$f" ] && grep -Eq '^[[:space:]]*blscfg' "$f" && echo "bls $(readlink -f "$f")"
done
for f in "$r"/boot/loader/entries/*.conf; do [ -e "$f" ] && echo "entry $f"; done
for f in "$r/boot/loader/loader.conf" "$r/boot/efi/loader/loader.conf" "$r/efi/loader/loader.conf"; do
  [ -e "$f" ] && echo "loader $f"
done
[ -e "$r/etc/default/grub" ] && echo "defaults $r/etc/default/grub"
for c in update-grub grubby; do
  if p=$(PATH="$r/usr/sbin:$r/sbin:$r/usr/bin:$r/usr/local/sbin" command -v "$c"); then echo "$c $p"; fi
done
exit 0`;

const kind = scriptKind<string, BootLoader>({
  name: 'boot-loader',
  script: SCRIPT,
  args: (root) => [root],
  parse: (stdout) => decide(new Map(recordsOf(stdout).toReversed())),
  // Installing a boot loader is not something a later task of the same run is meant to build on.
  predict: (_, value) => value,
});

/** @example await read(bootLoader()) // { kind: 'grub-mkconfig', configFile: '/boot/grub/grub.cfg', … } */
export function bootLoader(root = ''): Probe<BootLoader> {
  return probe(kind, root, ['path:/boot/loader', 'path:/usr/sbin/update-grub']);
}

function decide(found: ReadonlyMap<string, string>): BootLoader {
  const evidenceOf = (...keys: readonly string[]) =>
    keys.map((key) => found.get(key)).find((value) => value !== undefined);
  const ostree = found.get('ostree');
  if (ostree) return { kind: 'ostree', evidence: `${ostree} exists` };
  const systemdBoot = found.get('systemd-boot');
  if (systemdBoot) return { kind: 'systemd-boot', evidence: `${systemdBoot} names it` };
  const configFile = found.get('config');
  // A menu with kernels of its own (GRUB_ENABLE_BLSCFG=false) never looks at the files beside it.
  const hasFiles = !found.has('menu') && (configFile?.endsWith('/grub2/grub.cfg') || found.has('grubby'));
  const bls = found.get('bls') ?? (hasFiles ? found.get('entry') : undefined);
  if (bls) return { kind: 'bls', evidence: bls, configFile: found.get('bls') ?? configFile ?? '/boot/grub2/grub.cfg' };
  const updateCommand = found.get('update-grub');
  if (updateCommand && evidenceOf('config', 'defaults')) {
    return { kind: 'grub-mkconfig', configFile: configFile ?? '/boot/grub/grub.cfg', updateCommand };
  }
  const loader = found.has('menu') ? found.get('loader') : evidenceOf('loader', 'entry');
  if (loader) return { kind: 'systemd-boot', evidence: `${loader} exists` };
  return {
    kind: 'none',
    evidence: configFile ? `${configFile} exists but update-grub does not` : 'no grub.cfg, no boot loader entries',
  };
}
