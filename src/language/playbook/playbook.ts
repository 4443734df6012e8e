import { dirname, resolve } from 'node:path';
import type { Problem, Problems } from '../../contract/problem.ts';
import { complain, type LoadContext, type PlayNotes } from './context.ts';
import { bareName } from './keyword-table.ts';
import { checkKeys, inherit, NO_KEYWORDS, readKeywords } from './keywords.ts';
import { flatten } from './import.ts';
import { type ImportedWith, parsePlay } from './play.ts';
import { displayPath, type ProjectFiles } from './project-files.ts';
import { at, elementsOf, isMapping, keysOf, show, type Spot } from './spot.ts';
import { isTemplate } from './template-text.ts';
import type { Play } from './types.ts';

type Shared = Omit<LoadContext, 'notes'>;

/** Where a playbook was asked for. */
export interface PlaybookUse {
  readonly file: string;
  /** What precedes paths into it; empty for the one the user named. */
  readonly path: string;
  readonly imported: ImportedWith;
  /** Playbooks being read right now, against cycles. */
  readonly trail: readonly string[];
}

export const NOT_IMPORTED: ImportedWith = { keywords: NO_KEYWORDS, vars: {} };

/** The plays of a playbook, with those of the playbooks it imports in their places; undefined when it cannot be read. */
export function readPlaybook(shared: Shared, files: ProjectFiles, use: PlaybookUse): readonly Play[] | undefined {
  const document = files.document(use.file, shared.problems);
  if (!document) return undefined;
  const list: Spot = { ...document, path: `${use.path}plays` };
  if (!Array.isArray(document.value)) {
    complain(
      shared,
      { ...document, path: '' },
      `a playbook is a list of plays, not ${show(document.value)}`,
      'begin with `- hosts: …`',
    );
    return [];
  }
  if (document.value.length === 0) shared.problems.warn('the playbook has no plays', { position: document.position });
  return elementsOf(list).flatMap((spot) => readEntry(shared, files, use, spot));
}

function readEntry(shared: Shared, files: ProjectFiles, use: PlaybookUse, spot: Spot): readonly Play[] {
  const context: LoadContext = { ...shared, notes: freshNotes(dirname(use.file), true) };
  if (!isMapping(spot.value)) {
    complain(shared, spot, `a play must be a mapping, not ${show(spot.value)}`, 'write `- hosts: …`');
    return [];
  }
  const key = keysOf(spot).find((one) => bareName(one) === 'import_playbook');
  return key === undefined
    ? [parsePlay(context, spot, use.imported)]
    : importPlaybook(context, files, use, { spot, key });
}

const IMPORT_KEYWORDS = ['name', 'when', 'tags', 'vars'];

function importPlaybook(
  context: LoadContext,
  files: ProjectFiles,
  use: PlaybookUse,
  { spot, key }: { readonly spot: Spot; readonly key: string },
): readonly Play[] {
  checkKeys(context, spot, new Set([key, ...IMPORT_KEYWORDS]), 'import_playbook');
  const file = importedFile(context, files, use, at(spot, key));
  if (file === undefined) return [];
  const own = readKeywords(context, spot);
  const imported: ImportedWith = {
    keywords: inherit(use.imported.keywords, { ...own, vars: [] }),
    vars: { ...flatten(own.vars), ...use.imported.vars },
  };
  return readPlaybook(context, files, { file, path: `${spot.path}.`, imported, trail: [...use.trail, file] }) ?? [];
}

function importedFile(context: LoadContext, files: ProjectFiles, use: PlaybookUse, target: Spot): string | undefined {
  const { value } = target;
  if (typeof value !== 'string' || value.trim() === '' || isTemplate(value)) {
    complain(context, target, `must be the name of a playbook, known before the run, not ${show(value)}`);
    return undefined;
  }
  const file = resolve(dirname(use.file), value.trim());
  const found = files.find([file]);
  if (found.kind === 'found' && !use.trail.includes(file)) return file;
  if (found.kind === 'found') complain(context, target, `${displayPath(file)} imports itself`);
  else if (found.kind === 'missing') complain(context, target, `there is no playbook ${displayPath(file)}`);
  else complain(context, target, `${file} lies outside of the project`, 'move it into the project');
  return undefined;
}

export function freshNotes(directory: string, checksIncludes: boolean): PlayNotes {
  return {
    directory,
    roles: [],
    handlers: [],
    lateHandlers: [],
    roleKeys: new Set(),
    notified: [],
    includesSeen: new Set(),
    checksIncludes,
    hasUnknownHandlers: false,
  };
}

/** Each problem once, though its file may be used several times, and those of one file in the order of its lines. */
export function inOrder({ list }: Problems): Problems['list'] {
  const unique = new Map(
    list.map((problem) => [JSON.stringify([problem.position ?? problem.path, problem.message]), problem]),
  );
  const files = [...new Set(list.map(({ position }) => position?.file))];
  return [...unique.values()].sort((a, b) => {
    const byFile = files.indexOf(a.position?.file) - files.indexOf(b.position?.file);
    return byFile || lineOf(a) - lineOf(b) || columnOf(a) - columnOf(b);
  });
}

function lineOf({ position }: Problem): number {
  return position?.line ?? 0;
}

function columnOf({ position }: Problem): number {
  return position?.column ?? 0;
}
