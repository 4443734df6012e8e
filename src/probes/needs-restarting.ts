import { type Probe, probe } from '../contract/probe.ts';
import { recordsOf, scriptKind } from './script-kind.ts';

/**
 * needs-restarting(1) of dnf-utils says with exit status 1 that the host should be rebooted, and prints the packages as a list.
 * It reads the whole package database: a second or more.
 */
const SCRIPT = `command -v needs-restarting >/dev/null 2>&1 || exit 0
said=$(LC_ALL=C needs-restarting -r 2>/dev/null </dev/null)
[ $? -eq 1 ] || exit 0
echo required
printf '%s\\n' "$said" | sed -n 's/^ *\\* */package /p'
exit 0`;

const kind = scriptKind<'', readonly string[] | null>({
  name: 'needs-restarting',
  script: SCRIPT,
  parse: (stdout) => {
    const records = recordsOf(stdout);
    if (!records.some(([key]) => key === 'required')) return null;
    return records.flatMap(([key, value]) => (key === 'package' ? [value.trim()] : []));
  },
  predict: (_, value) => value,
});

/** Packages for which a host of the RHEL family should be rebooted; null when it need not be, or nobody there can tell. */
export function needsRestarting(): Probe<readonly string[] | null> {
  return probe(kind, '', ['kernel:/boot-id', 'path:/var/lib/rpm']);
}
