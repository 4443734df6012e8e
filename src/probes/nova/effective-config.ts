import { normalSection, type OsloEntry, type OsloFile, trim } from './oslo-ini.ts';

/** A configuration file in the order the service reads it. */
export interface OsloSource {
  readonly path: string;
  readonly file: OsloFile;
}

export interface OptionName {
  readonly section: string;
  readonly key: string;
}

/** One assignment with the file it stands in. */
export interface Occurrence extends OsloEntry {
  readonly path: string;
}

/**
 * Every value of a repeatable option, in the order Nova sees them: files in reading order, and within one file the
 * deprecated names first (oslo.config prepends each further name it looks up).
 *
 * Source: oslo.config `cfg._Namespace._get_file_value`.
 */
export function allValues(sources: readonly OsloSource[], names: readonly OptionName[]): readonly Occurrence[] {
  const oldestFirst = [...names].reverse();
  return sources.flatMap((source) => oldestFirst.flatMap((name) => valuesIn(source, name)));
}

/** The value of a single-valued option: the last one in the last file that has any; there the current name wins. */
export function lastValue(sources: readonly OsloSource[], names: readonly OptionName[]): Occurrence | undefined {
  for (const source of [...sources].reverse()) {
    for (const name of names) {
      const last = valuesIn(source, name).at(-1);
      if (last) return last;
    }
  }
  return undefined;
}

/** What one file assigns to an option, top to bottom. */
export function valuesIn(source: OsloSource, name: OptionName): readonly Occurrence[] {
  const section = normalSection(name.section);
  return source.file.entries
    .filter((entry) => entry.key === name.key && normalSection(entry.section) === section)
    .map((entry) => ({ ...entry, path: source.path }));
}

/** oslo.config's ListOpt: split at commas, blanks around items dropped, trailing commas ignored. */
export function listItems(value: string): readonly string[] {
  const text = trim(value).replace(/,+$/, '');
  return text === '' ? [] : text.split(',').map(trim);
}

/** oslo.config's booleans; undefined for text it would refuse, such as `" true "` with the quotes. */
export function booleanOf(value: string): boolean | undefined {
  const text = value.toLowerCase();
  if (['true', '1', 'on', 'yes'].includes(text)) return true;
  return ['false', '0', 'off', 'no'].includes(text) ? false : undefined;
}

/** @example placeOf({path: '/etc/nova/nova.conf', line: 12}) // '/etc/nova/nova.conf:12' */
export function placeOf(at: { readonly path: string; readonly line: number }): string {
  return `${at.path}:${at.line}`;
}
