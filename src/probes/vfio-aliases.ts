import { type Probe, probe } from '../contract/probe.ts';
import { recordsOf, scriptKind } from './script-kind.ts';

/** A driver for VFIO and the devices it is made for, as depmod(8) lists them: `v000010DEd00002342sv*sd*bc*sc*i*`. */
export interface VfioAlias {
  readonly pattern: string;
  readonly module: string;
}

const SCRIPT = `IFS= read -r release </proc/sys/kernel/osrelease
sed -n 's/^alias vfio_pci:/alias /p' "$1/lib/modules/$release/modules.alias" 2>/dev/null
exit 0`;

const kind = scriptKind<string, readonly VfioAlias[]>({
  name: 'vfio-aliases',
  script: SCRIPT,
  args: (root) => [root],
  parse: (stdout) =>
    recordsOf(stdout).flatMap(([, value]) => {
      const [pattern = '', module = ''] = value.trim().split(/\s+/);
      return module === '' ? [] : [{ pattern, module }];
    }),
  predict: (_, value) => value,
});

/**
 * vfio-pci and its variants in the running kernel's modules (Documentation/driver-api/vfio-pci-device-specific-driver-acceptance.rst).
 * `root` is a prefix, empty outside tests.
 */
export function vfioAliases(root = ''): Probe<readonly VfioAlias[]> {
  return probe(kind, root, ['path:/lib/modules']);
}
