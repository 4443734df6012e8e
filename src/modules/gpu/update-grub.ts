import { runCommand } from '../../changes/run-command.ts';
import type { Change } from '../../contract/change.ts';
import { BOOT_CMDLINE, type BootEntries } from '../../probes/boot-entries.ts';
import type { BootEntry } from '../../probes/grub-config.ts';

/** Needs minutes where os-prober looks at many disks. */
const UPDATE_GRUB_MS = 10 * 60_000;

/**
 * grub-mkconfig ends with `cat grub.cfg.new >grub.cfg`, and flushes nothing: whoever cuts the power in the seconds until the kernel
 * writes it out may find an empty menu. `sync -f` is for that file system alone; without it everything is flushed.
 */
const UPDATE_GRUB = '"$1" || exit\nsync -f /boot 2>/dev/null || sync';

/** @param predicted the menu as it will be, for check mode */
export function updateGrub(updateCommand: string, predicted: BootEntries): Change {
  return runCommand(['sh', '-c', UPDATE_GRUB, 'update-grub', updateCommand], {
    purpose: `rebuild the boot menu (${updateCommand})`,
    deadlineMs: UPDATE_GRUB_MS,
    touches: ['path:/boot/grub', BOOT_CMDLINE],
    predicts: [{ resource: BOOT_CMDLINE, value: predicted }],
  });
}

/** The menu with other entries of this system, the default among them. */
export function withEntries(entries: BootEntries, rebuild: (entry: BootEntry) => BootEntry): BootEntries {
  const rebuilt = new Map(entries.own.map((entry) => [entry, rebuild(entry)]));
  const next = entries.default && entries.own.find((entry) => isSame(entry, entries.default));
  return { ...entries, own: [...rebuilt.values()], default: (next && rebuilt.get(next)) ?? entries.default };
}

function isSame(a: BootEntry, b: BootEntry | null): boolean {
  return a === b || (a.line === b?.line && a.title === b.title);
}
