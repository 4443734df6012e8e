import { TaskError } from '../../contract/task-error.ts';
import { type Occurrence, type OsloSource, placeOf } from '../../probes/nova/effective-config.ts';
import { type OsloText, removeEntry, setEntry, sourceOf } from './oslo-text.ts';

/** All files a service reads, in its reading order, and those this task may edit. */
export interface ConfigSet {
  readonly texts: readonly OsloText[];
  /** Where new values go; always editable. */
  readonly path: string;
  readonly editable: ReadonlySet<string>;
}

export function sourcesOf(set: ConfigSet): readonly OsloSource[] {
  return set.texts.map(sourceOf);
}

export function editFile(set: ConfigSet, path: string, edit: (file: OsloText) => OsloText): ConfigSet {
  return { ...set, texts: set.texts.map((file) => (file.path === path ? edit(file) : file)) };
}

/** One assignment's new value, or null to drop it. */
export interface Rewrite {
  readonly at: Occurrence;
  readonly value: string | null;
}

/** Applies rewrites from the bottom of each file upwards, so that line numbers stay true. Refuses in files not to be edited. */
export function rewrite(set: ConfigSet, rewrites: readonly Rewrite[]): ConfigSet {
  const bottomUp = rewrites.toSorted((a, b) => b.at.line - a.at.line);
  return bottomUp.reduce((now, { at, value }) => {
    requireEditable(set, at);
    return editFile(now, at.path, (file) => (value === null ? removeEntry(file, at) : setEntry(file, at, value)));
  }, set);
}

export function requireEditable(set: ConfigSet, at: Occurrence): void {
  if (set.editable.has(at.path)) return;
  throw new TaskError(
    `${placeOf(at)} sets [${at.section}] ${at.key} too, and Nova would still see it; this task edits only ${[...set.editable].join(', ')}. ` +
      `Name ${at.path} under \`also_edit\`, or remove the line there`,
  );
}
