import { Float, ValueFault, isMapping, mappingEntries, strict } from './values.ts';
import { scalarText, type ScalarPlace } from './yaml-scalar.ts';

export interface DumpOptions {
  readonly indent: number;
  readonly sorted: boolean;
  /** `leaves`: containers that hold no other container are written on one line. */
  readonly flow: 'never' | 'leaves' | 'always';
}

const MAX_DEPTH = 200;
const WIDTH = 80;

/** Text as PyYAML's `dump` writes it through libyaml. */
export function dumpYaml(value: unknown, options: DumpOptions): string {
  const root = strict(value);
  if (!isContainer(root))
    return `${scalarText(root, { column: 0, indent: options.indent, isFlow: false, isKey: false })}\n`;
  if (isFlow(root, options)) return `${flowText(root, options, { column: 0, indent: options.indent })}\n`;
  return block(root, options, { indent: 0, depth: 0 }).join('\n').concat('\n');
}

function isContainer(value: unknown): boolean {
  return Array.isArray(value) || isMapping(value);
}

function isEmpty(value: unknown): boolean {
  return Array.isArray(value) ? value.length === 0 : isMapping(value) && mappingEntries(value).length === 0;
}

function isFlow(value: unknown, { flow }: DumpOptions): boolean {
  if (isEmpty(value) || flow === 'always') return true;
  if (flow === 'never') return false;
  const members = Array.isArray(value) ? value : isMapping(value) ? mappingEntries(value).map(([, item]) => item) : [];
  return !members.some(isContainer);
}

function entriesOf(value: unknown, { sorted }: DumpOptions): readonly (readonly [unknown, unknown])[] {
  const entries = isMapping(value) ? [...mappingEntries(value)] : [];
  if (!sorted) return entries;
  return entries.sort(([a], [b]) => (String(a) < String(b) ? -1 : String(a) > String(b) ? 1 : 0));
}

interface Level {
  readonly indent: number;
  readonly depth: number;
}

/** Lines of a block container, each already indented. */
function block(value: unknown, options: DumpOptions, level: Level): readonly string[] {
  if (level.depth > MAX_DEPTH) throw new ValueFault('the value is nested too deeply for YAML');
  return Array.isArray(value) ? listLines(value, options, level) : dictLines(value, options, level);
}

function listLines(items: readonly unknown[], options: DumpOptions, { indent, depth }: Level): readonly string[] {
  const margin = ' '.repeat(indent);
  // The dash takes the place of the first columns of what it holds.
  const gap = ' '.repeat(Math.max(1, options.indent - 1));
  return items.flatMap((entry) => {
    const item = strict(entry);
    if (!isContainer(item) || isFlow(item, options))
      return [`${margin}- ${inline(item, options, { column: indent + 2, indent: indent + options.indent })}`];
    const [first = '', ...rest] = block(item, options, { indent: indent + options.indent, depth: depth + 1 });
    return [`${margin}-${gap}${first.slice(indent + options.indent)}`, ...rest];
  });
}

function dictLines(value: unknown, options: DumpOptions, { indent, depth }: Level): readonly string[] {
  const margin = ' '.repeat(indent);
  return entriesOf(value, options).flatMap(([key, entry]) => {
    const item = strict(entry);
    const name = scalarText(keyValue(key), {
      column: indent,
      indent: indent + options.indent,
      isFlow: false,
      isKey: true,
    });
    const inlined = { column: indent + name.length + 2, indent: indent + options.indent };
    if (!isContainer(item) || isFlow(item, options)) return [`${margin}${name}: ${inline(item, options, inlined)}`];
    const inner = Array.isArray(item) ? indent : indent + options.indent;
    return [`${margin}${name}:`, ...block(item, options, { indent: inner, depth: depth + 1 })];
  });
}

function keyValue(key: unknown): unknown {
  return key instanceof Float ? key.value : key;
}

type Inline = Pick<ScalarPlace, 'column' | 'indent'>;

function inline(item: unknown, options: DumpOptions, place: Inline): string {
  return isContainer(item)
    ? flowText(item, options, place)
    : scalarText(item, { ...place, isFlow: false, isKey: false });
}

function flowText(value: unknown, options: DumpOptions, place: Inline): string {
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  const members = Array.isArray(value) ? value.map((item) => [undefined, item] as const) : entriesOf(value, options);
  let [text, column] = [open ?? '', place.column + 1];
  for (const [index, [key, item]] of members.entries()) {
    const breaks = index > 0 && column + 1 > WIDTH;
    const lead = index === 0 ? '' : breaks ? `,\n${' '.repeat(place.indent)}` : ', ';
    text += lead;
    column = breaks ? place.indent : column + lead.length;
    const member = flowMember(key, strict(item), options, { column, indent: place.indent });
    text += member;
    column = columnAfter(member, column);
  }
  return text + (close ?? '');
}

function columnAfter(text: string, column: number): number {
  const line = text.lastIndexOf('\n');
  return line < 0 ? column + text.length : text.length - line - 1;
}

function flowMember(key: unknown, item: unknown, options: DumpOptions, place: Inline): string {
  const indent = place.indent + options.indent;
  if (key === undefined) return flowScalar(item, options, { column: place.column, indent }, false);
  const name = flowScalar(key, options, { column: place.column, indent }, true);
  return `${name}: ${flowScalar(item, options, { column: place.column + name.length + 2, indent }, false)}`;
}

function flowScalar(value: unknown, options: DumpOptions, place: Inline, isKey: boolean): string {
  return isContainer(value) ? flowText(value, options, place) : scalarText(value, { ...place, isFlow: true, isKey });
}
