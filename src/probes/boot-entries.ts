import { type Output, program } from '../contract/command.ts';
import { type Probe, type ProbeKind, probe, type Reading } from '../contract/probe.ts';
import { type BootEntry, defaultBootEntry, ownEntries, parseGrubConfig } from './grub-config.ts';
import { parseGrubEnvironment } from './grub-environment.ts';
import { text } from './script-kind.ts';

/** What the built boot menu holds: the state between the configuration and the next boot. */
export interface BootEntries {
  readonly configFile: string;
  /** Entries that update-grub regenerates, without recovery entries. */
  readonly own: readonly BootEntry[];
  /** What the next unattended boot takes; null when that cannot be told. */
  readonly default: BootEntry | null;
}

/** Check mode: the menu as a planned update-grub will leave it. */
export const BOOT_CMDLINE = 'kernel:/boot-cmdline';

const kind: ProbeKind<string, BootEntries> = {
  name: 'boot-entries',
  commands: (paths) =>
    paths.flatMap((path) => [program(['cat', '--', path]), program(['cat', '--', environmentOf(path)])]),
  parse: (paths, outputs) => paths.map((path, index) => readingOf(path, outputs[2 * index], outputs[2 * index + 1])),
  predict: (_, value, overlay) => (overlay.fact(BOOT_CMDLINE) as BootEntries | undefined) ?? value,
};

/**
 * The entries of a grub.cfg and the one GRUB would boot, with the one-shot and saved entries of the grubenv beside it.
 * @example (await read(bootEntries('/boot/grub/grub.cfg'))).default?.tokens
 */
export function bootEntries(configFile: string): Probe<BootEntries> {
  return probe(kind, configFile, [BOOT_CMDLINE, 'path:/boot/grub', 'path:/boot/grub2']);
}

function environmentOf(configFile: string): string {
  return configFile.replace(/[^/]*$/, 'grubenv');
}

function readingOf(
  configFile: string,
  config: Output | undefined,
  environment: Output | undefined,
): Reading<BootEntries> {
  if (!config || config.truncated) return { ok: false, error: `${configFile} could not be read` };
  // A host that never ran update-grub has no entries: that is a state, not an error.
  const source = config.code === 0 ? text(config.stdout) : '';
  const parsed = parseGrubConfig(source);
  const variables = parseGrubEnvironment(environment?.code === 0 ? text(environment.stdout) : '');
  return {
    ok: true,
    value: { configFile, own: ownEntries(parsed), default: defaultBootEntry(parsed, variables) ?? null },
  };
}
