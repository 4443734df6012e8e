import { TaskError } from '../../contract/task-error.ts';
import { type CmdlineToken, tokenize } from '../../probes/kernel-cmdline-tokens.ts';

/** One `NAME="words"` of a shell file that can be changed without knowing what a shell would make of the rest. */
export interface Assignment {
  readonly line: number;
  readonly name: string;
  readonly before: string;
  /** `+=`, which bash knows: to what the variable holds. */
  readonly isAppended: boolean;
  readonly quote: string;
  readonly words: readonly CmdlineToken[];
  readonly after: string;
}

/**
 * All assignments to the names, in order. `$NAME` inside stays a word of its own: it is what was assigned before.
 * @throws {TaskError} naming the line where one is written in another way
 */
export function assignmentsTo(names: readonly string[], text: string, path: string): readonly Assignment[] {
  const start = new RegExp(`^\\s*(?:export\\s+)?(${names.join('|')})\\+?=`);
  return text.split('\n').flatMap((source, index) => {
    const name = start.exec(source)?.[1];
    return name === undefined ? [] : [assignmentOf(name, source, { line: index, path })];
  });
}

function assignmentOf(name: string, source: string, { line, path }: { line: number; path: string }): Assignment {
  const form = new RegExp(
    `^(\\s*(?:export\\s+)?${name}(\\+?)=)(?:"((?:[^"\\\\\`]|\\\\.)*)"|'([^']*)'|([^\\s"'\\\\\`;#&|()<>]*))(\\s*(?:#.*)?)$`,
  );
  const [, before, plus, double, single, bare = '', after = ''] = form.exec(source) ?? [];
  const isGlued = plus === '+' && !/^\s/.test(double ?? single ?? bare);
  if (before === undefined || isGlued || /[\u2018-\u201d]/.test(source))
    throw new TaskError(
      `${path}:${line + 1}: ${source.trim()} is not one quoted string, so it was not changed; write ${name}="…" there`,
    );
  const quote = single === undefined ? '"' : "'";
  const raw = double === undefined ? (single ?? bare) : double.replaceAll(/\\(["\\])/g, '$1');
  return { line, name, before, isAppended: plus === '+', quote, words: tokenize(raw), after };
}

/** What the assignments leave in a variable. @example valueOf(assignments, 'GRUB_CMDLINE_LINUX') */
export function valueOf(assignments: readonly Assignment[], name: string): readonly CmdlineToken[] {
  return assignments
    .filter((one) => one.name === name)
    .reduce<readonly CmdlineToken[]>(
      (value, { words, isAppended }) => [
        ...(isAppended ? value : []),
        ...words.flatMap((word) => (isReference(word, name) ? value : [word])),
      ],
      [],
    );
}

function isReference({ text }: CmdlineToken, name: string): boolean {
  return text === `$${name}` || text === `\${${name}}`;
}

/** The text with other words in one assignment. */
export function withAssignment(text: string, one: Assignment, words: readonly CmdlineToken[]): string {
  const { line, before, isAppended, quote, after } = one;
  const value = [...(isAppended ? [''] : []), ...words.map((word) => word.text)].join(' ');
  const quoted = quote === '"' ? `"${value.replaceAll(/["\\]/g, '\\$&')}"` : `'${value}'`;
  return text.split('\n').with(line, `${before}${quoted}${after}`).join('\n');
}
