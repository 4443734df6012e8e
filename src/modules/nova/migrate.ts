import { listItems, type Occurrence, valuesIn } from '../../probes/nova/effective-config.ts';
import { type ConfigSet, editFile } from './config-set.ts';
import { isCoveredByDefault, isRemoved, removedIn } from './filters.ts';
import { addEntry, type OsloText, removeEntry, renameSection, sourceOf } from './oslo-text.ts';
import { type Renamed, renamedOptions } from './options.ts';

export interface Migrated {
  readonly set: ConfigSet;
  /** What happened to old lines, in words, and what a person must still do. */
  readonly notes: readonly string[];
}

/**
 * Moves options that Nova renamed to their present names, each within its own file, in one edit with everything else.
 * Repeatable values go before the present ones, which is where oslo.config saw them.
 */
export function migrateLegacy(set: ConfigSet, release: number): Migrated {
  const notes: string[] = [];
  const said = new Set(renamedOptions(release).filter((option) => isSaid(set, option, release)));
  let now = set;
  for (const path of set.editable) {
    // What is said about lines counts them as the user's file does, not as it is after the moves before.
    const places = set.texts.find((file) => file.path === path);
    for (const option of renamedOptions(release)) {
      const moving = { option, release, isSaid: said.has(option), places };
      now = editFile(now, path, (file) => moveOption(file, moving, notes));
    }
    if (release >= 24) now = editFile(now, path, renameVgpuSections);
  }
  return { set: now, notes: [...notes, ...leftToPeople(now)] };
}

/** Lines that Nova ignores must not come back to life where any file already says the same under the present name. */
function isSaid(set: ConfigSet, { names, deadFrom }: Renamed, release: number): boolean {
  const isDead = deadFrom !== undefined && release >= deadFrom;
  return isDead && set.texts.some((file) => valuesIn(sourceOf(file), names[0]).length > 0);
}

interface Moving {
  readonly option: Renamed;
  readonly release: number;
  readonly isSaid: boolean;
  /** The file as it was found. */
  readonly places: OsloText | undefined;
}

function moveOption(file: OsloText, { option, release, isSaid, places }: Moving, notes: string[]): OsloText {
  const [modern, ...oldNames] = option.names;
  const oldIn = (text: OsloText) => oldNames.toReversed().flatMap((name) => valuesIn(sourceOf(text), name));
  const old = oldIn(file);
  if (old.length === 0) return file;
  const present = valuesIn(sourceOf(file), modern);
  const found = option.kind === 'multi' ? multiValues(old, option) : listValue(old, present, release);
  const moving = isSaid ? [] : found;
  notes.push(noteOf(oldIn(places ?? file), option, moving, release));
  const withNew = moving
    .toReversed()
    .reduce((text, value) => addEntry(text, modern, value, valuesIn(sourceOf(text), modern)[0]), file);
  const stale = oldNames.flatMap((name) => valuesIn(sourceOf(withNew), name));
  return stale.toSorted((a, b) => b.line - a.line).reduce(removeEntry, withNew);
}

function multiValues(old: readonly Occurrence[], option: Renamed): readonly string[] {
  const values = old.map((one) => one.value.replaceAll('\n', ' '));
  if (option.names[0].key !== 'available_filters') return values;
  return values.every(isCoveredByDefault) ? [] : values;
}

/** In one file the present name wins over the old one; repeated lines of a list never added up. */
function listValue(old: readonly Occurrence[], present: readonly Occurrence[], release: number): readonly string[] {
  const last = old.at(-1);
  if (present.length > 0 || !last) return [];
  const left = listItems(last.value).filter((item) => !isRemoved(item, release));
  return left.length === 0 ? [] : [left.join(',')];
}

function noteOf(old: readonly Occurrence[], option: Renamed, moved: readonly string[], release: number): string {
  const places = old.map((one) => `${one.path}:${one.line}`).join(', ');
  const names = [...new Set(old.map((one) => `[${one.section}] ${one.key}`))].join(', ');
  const [{ section, key }] = option.names;
  const dead =
    option.deadFrom !== undefined && release >= option.deadFrom
      ? ` (ignored by Nova since ${option.deadFrom}.0.0)`
      : '';
  const gone =
    option.kind === 'list' ? listItems(old.at(-1)?.value ?? '').filter((item) => isRemoved(item, release)) : [];
  const lost =
    gone.length > 0
      ? `; left out, no longer in Nova: ${gone.map((item) => `${item} (${removedIn(item)}.0.0)`).join(', ')}`
      : '';
  return moved.length > 0
    ? `${places}: ${names}${dead} becomes [${section}] ${key}${lost}`
    : `${places}: ${names}${dead} is dropped: [${section}] ${key}, or its default, already says what counts${lost}`;
}

/** Where a file has addresses under both, the present name wins in Nova; merging the two would let the last line win. */
function renameVgpuSections(file: OsloText): OsloText {
  const renamed = vgpuSections(file).filter(({ isShadowed }) => !isShadowed);
  return renamed.reduce((text, { line, name }) => renameSection(text, line, name.replace(/^vgpu_/, 'mdev_')), file);
}

function vgpuSections(file: OsloText) {
  const source = sourceOf(file);
  const isShadowed = (name: string) =>
    valuesIn(source, { section: name.replace(/^vgpu_/, 'mdev_'), key: 'device_addresses' }).length > 0;
  return source.file.headers
    .filter(({ name }) => name.startsWith('vgpu_'))
    .map(({ name, line }) => ({ name, line, isShadowed: isShadowed(name) }));
}

/** What only a person can decide. Source: nova `conf/compute.py`, `conf/devices.py`. */
function leftToPeople(set: ConfigSet): readonly string[] {
  const doubled = set.texts.flatMap((file) =>
    vgpuSections(file)
      .filter(({ isShadowed }) => isShadowed)
      .map(
        ({ name, line }) =>
          `${file.path}:${line}: [${name}] counts for nothing beside its present name in the file; remove it`,
      ),
  );
  const pinned = set.texts.flatMap((file) =>
    valuesIn(sourceOf(file), { section: 'DEFAULT', key: 'vcpu_pin_set' }).map(
      (one) =>
        `${one.path}:${one.line}: vcpu_pin_set is deprecated; move it to [compute] cpu_dedicated_set (pinned guests) or cpu_shared_set by hand`,
    ),
  );
  return [...doubled, ...pinned];
}
