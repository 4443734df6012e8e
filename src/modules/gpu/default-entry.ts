import { takesParameters } from '../../probes/bls-entries.ts';
import type { BootEntry } from '../../probes/grub-config.ts';
import type { BlsMenu } from './boot-menu.ts';

/**
 * What is wrong with the entry that the next unattended boot takes; null when nothing is. A cloned image keeps the entries
 * of the machine it was made on, under that machine's id, and GRUB may prefer them to those that kernel updates make here.
 */
export function defaultEntryProblem(menu: BlsMenu, entry: BootEntry | null, machineId: string): string | null {
  const next = menu.files.find((file) => file.id === entry?.id);
  if (!next) return null;
  if (next.isRescue) return `the next boot takes the rescue entry ${next.id}`;
  if (!takesParameters(next)) return `the next boot takes ${next.id}, which has neither options nor an initrd`;
  const own = menu.files.filter((file) => file.machineId === machineId && !file.isRescue);
  const isForeign = next.machineId !== null && next.machineId !== machineId;
  if (!isForeign || own.length === 0) return null;
  const saved = menu.variables.get('saved_entry');
  const why = saved && saved !== next.id ? ` (saved_entry names ${saved}, which is not there)` : '';
  return `the next boot takes ${next.id}, an entry of another machine-id than this host's ${machineId}${why}, and not ${own[0]?.id}. Remove the stale entry, or choose the default (grub2-set-default ${own[0]?.id})`;
}
