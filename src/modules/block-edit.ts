import { splitLines } from './line-edit.ts';
import { pythonRegex } from './python-regex.ts';

export interface BlockEdit {
  readonly begin: string;
  readonly end: string;
  /** Absent: the block and its markers go. */
  readonly block: string | undefined;
  readonly insertAfter?: string | undefined;
  readonly insertBefore?: string | undefined;
}

/** The text (latin1 bytes) with the block between its markers, or without it. */
export function withBlock(text: string, edit: BlockEdit): string {
  const lines = splitLines(text);
  const found = markers(lines, edit);
  const rest = found ? [...lines.slice(0, found.from), ...lines.slice(found.to + 1)] : [...lines];
  if (edit.block === undefined) return found ? rest.join('') : text;
  const at = found?.from ?? insertionPoint(rest, edit);
  const end = lines.some((line) => line.endsWith('\r\n')) ? '\r\n' : '\n';
  const last = rest[at - 1];
  if (last !== undefined && !last.endsWith('\n')) rest[at - 1] = last + end;
  const block = [edit.begin, ...edit.block.replace(/\n$/, '').split('\n'), edit.end].map((line) => latin1(line) + end);
  return [...rest.slice(0, at), ...block, ...rest.slice(at)].join('');
}

/** As Ansible: the last of each marker counts, in whichever order they stand. */
function markers(
  lines: readonly string[],
  { begin, end }: BlockEdit,
): { readonly from: number; readonly to: number } | undefined {
  const first = lastLine(lines, latin1(begin));
  const second = lastLine(lines, latin1(end));
  if (first < 0 || second < 0) return undefined;
  return { from: Math.min(first, second), to: Math.max(first, second) };
}

function lastLine(lines: readonly string[], text: string): number {
  return lines.findLastIndex((line) => line === `${text}\n` || line === text || line === `${text}\r\n`);
}

function insertionPoint(lines: readonly string[], { insertAfter, insertBefore }: BlockEdit): number {
  if (insertBefore === 'BOF') return 0;
  const anchor = insertBefore ?? (insertAfter === 'EOF' ? undefined : insertAfter);
  if (anchor === undefined || anchor === 'EOF') return lines.length;
  const pattern = pythonRegex(anchor, insertBefore === undefined ? 'insertafter' : 'insertbefore');
  const found = lines.findLastIndex((line) => pattern.test(line));
  if (found < 0) return lines.length;
  return insertBefore === undefined ? found + 1 : found;
}

function latin1(text: string): string {
  return Buffer.from(text).toString('latin1');
}
