import type { Position } from '../../contract/problem.ts';
import type { VarsLayer } from '../playbook/types.ts';
import { suggest } from '../suggest.ts';
import { setOwn } from '../yaml/merge.ts';
import { recordPlaces } from '../yaml/positions.ts';
import {
  addChild,
  addGroup,
  addGroupLayer,
  addHostLayer,
  addHosts,
  type Draft,
  type GroupDraft,
  referToGroup,
} from './draft.ts';
import { parseLiteral } from './python-literal.ts';
import { ShlexError, splitWords, type Word } from './shlex.ts';

/** What the lines after a `[section]` mean. */
type Section =
  | { readonly kind: 'hosts' | 'children'; readonly group: GroupDraft }
  | {
      readonly kind: 'vars';
      readonly group: GroupDraft;
      readonly assignments: Assignment[];
      readonly position: Position;
    }
  | { readonly kind: 'broken' };

interface Assignment {
  readonly name: string;
  readonly text: string;
  readonly position: Position;
  readonly valuePosition: Position;
}

interface Line {
  readonly text: string;
  /** Of the text's first character. */
  readonly position: Position;
}

const kinds = ['hosts', 'children', 'vars'];
const identifier = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Reads an INI inventory into the draft. Values are typed as Python literals (see python-literal.ts). */
export function readIniInventory(draft: Draft, text: string, file: string): void {
  let section = openSection(draft, 'ungrouped', 'hosts', { file, line: 1, column: 1 });
  for (const line of meaningfulLines(text, file)) {
    if (/^\[.*\]\s*(?:#.*)?$/.test(line.text) && !/^\[[0-9a-fA-F.]*:[0-9a-fA-F:.]*\]/.test(line.text)) {
      closeSection(draft, section);
      section = readHeader(draft, line);
    } else if (/^\[[^\]]*$/.test(line.text)) {
      closeSection(draft, section);
      section = { kind: 'broken' };
      draft.problems.error(`the section ${line.text} is not closed`, {
        position: line.position,
        hint: `write ${line.text}]`,
      });
    } else readLine(draft, section, line);
  }
  closeSection(draft, section);
}

function meaningfulLines(text: string, file: string): readonly Line[] {
  return text.split(/\r?\n/).flatMap((whole, index) => {
    const trimmed = whole.trim();
    if (trimmed === '' || trimmed.startsWith('#') || trimmed.startsWith(';')) return [];
    return [{ text: trimmed, position: { file, line: index + 1, column: whole.indexOf(trimmed) + 1 } }];
  });
}

function readHeader(draft: Draft, { text, position }: Line): Section {
  const [, name, kind = 'hosts'] = /^\[([^:\]\s]+)(?::(\w+))?\]/.exec(text) ?? [];
  if (name === undefined) {
    draft.problems.error(`${text} is not a section`, {
      position,
      hint: 'write [group], [group:vars] or [group:children]',
    });
    return { kind: 'broken' };
  }
  if (kinds.includes(kind)) return openSection(draft, name, kind, position);
  const similar = suggest(kind, kinds);
  const hint =
    similar === undefined ? 'write [group], [group:vars] or [group:children]' : `did you mean [${name}:${similar}]?`;
  draft.problems.error(`[${name}:${kind}] is of an unknown kind`, { position, hint });
  return { kind: 'broken' };
}

function openSection(draft: Draft, name: string, kind: string, position: Position): Section {
  if (kind === 'vars') return { kind, group: referToGroup(draft, name, position), assignments: [], position };
  const group = addGroup(draft, name, position);
  return group ? { kind: kind === 'children' ? 'children' : 'hosts', group } : { kind: 'broken' };
}

function closeSection(draft: Draft, section: Section): void {
  if (section.kind !== 'vars' || section.assignments.length === 0) return;
  const source = `${section.position.file} [${section.group.name}:vars]`;
  addGroupLayer(draft, section.group, layerOf(draft, section.assignments, source));
}

function readLine(draft: Draft, section: Section, line: Line): void {
  if (section.kind === 'hosts') readHostLine(draft, section.group, line);
  else if (section.kind === 'children') readChildLine(draft, section.group, line);
  else if (section.kind === 'vars') readVarsLine(draft, section.assignments, line);
}

function readChildLine(draft: Draft, group: GroupDraft, { text, position }: Line): void {
  const [, name] = /^([^:\]\s]+)\s*(?:#.*)?$/.exec(text) ?? [];
  if (name !== undefined) addChild(draft, group, name, position);
  else draft.problems.error(`expected the name of a group, found ${JSON.stringify(text)}`, { position });
}

function readVarsLine(draft: Draft, assignments: Assignment[], { text, position }: Line): void {
  const assignment = toAssignment(text, position);
  if (!assignment) {
    draft.problems.error(`expected name=value, found ${JSON.stringify(text)}`, { position });
    return;
  }
  const earlier = assignments.find(({ name }) => name === assignment.name);
  if (earlier) {
    const message = `\`${assignment.name}\` is set twice, first in line ${earlier.position.line}; this one counts`;
    draft.problems.warn(message, { position });
  }
  assignments.push(assignment);
}

/** Blanks around `=` do not count: host words have none, and in :vars lines Ansible drops them. */
function toAssignment(text: string, position: Position): Assignment | undefined {
  const sign = text.indexOf('=');
  if (sign < 1) return undefined;
  const value = text.slice(sign + 1);
  const blanks = value.length - value.trimStart().length;
  const valuePosition = { ...position, column: position.column + sign + 1 + blanks };
  return { name: text.slice(0, sign).trim(), text: value.trim(), position, valuePosition };
}

function readHostLine(draft: Draft, group: GroupDraft, line: Line): void {
  const words = wordsOf(draft, line);
  const [host, ...rest] = words ?? [];
  if (!host) return;
  const names = addHosts(draft, group, host.text, line.position);
  const assignments = rest.flatMap((word) => {
    const position = { ...line.position, column: line.position.column + word.start };
    const sign = word.text.indexOf('=');
    if (sign > 0)
      return [
        { ...word, name: word.text.slice(0, sign), text: word.text.slice(sign + 1), position, valuePosition: position },
      ];
    draft.problems.error(`expected name=value, found ${JSON.stringify(word.text)}`, {
      position,
      hint: 'quote values that hold blanks',
    });
    return [];
  });
  if (assignments.length === 0) return;
  const layer = layerOf(draft, assignments, `${line.position.file}:${line.position.line}`);
  for (const name of names) addHostLayer(draft, name, layer);
}

function wordsOf(draft: Draft, { text, position }: Line): readonly Word[] | undefined {
  try {
    const { words, cutAt } = splitWords(text);
    if (cutAt !== undefined) {
      const place = { ...position, column: position.column + cutAt };
      draft.problems.warn('# begins a comment even inside a word', {
        position: place,
        hint: 'quote the value to keep it',
      });
    }
    return words;
  } catch (error) {
    if (!(error instanceof ShlexError)) throw error;
    draft.problems.error(error.message, { position });
    return undefined;
  }
}

function layerOf(draft: Draft, assignments: readonly Assignment[], source: string): VarsLayer {
  const vars: Record<string, unknown> = {};
  const [keys, values, texts] = [new Map<string, Position>(), new Map<string, Position>(), new Map<string, string>()];
  for (const { name, text, position, valuePosition } of assignments) {
    if (!identifier.test(name)) draft.problems.warn(`\`${name}\` is not a variable name`, { position });
    const value = parseLiteral(text);
    setOwn(vars, name, value);
    keys.set(name, position);
    values.set(name, valuePosition);
    if (typeof value === 'string') texts.delete(name);
    else texts.set(name, text);
  }
  const self = assignments[0]?.position ?? { file: source, line: 1, column: 1 };
  recordPlaces(vars, { self, keys, values, texts });
  return { vars, source };
}
