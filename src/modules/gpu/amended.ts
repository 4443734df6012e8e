import { TaskError } from '../../contract/task-error.ts';
import { type CmdlineToken, parseToken, policyOf } from '../../probes/kernel-cmdline-tokens.ts';
import { type CmdlineDesire, conflictingTokens, sequenceOf, unmetTokens, withDesire } from './cmdline-desire.ts';

export interface AmendedAt {
  /** For messages: the file. */
  readonly where: string;
  /** What the words become when the loader has put its variables in. */
  expand?(words: readonly CmdlineToken[]): readonly CmdlineToken[];
}

/**
 * The words with what is missing appended and what contradicts taken out; the very same list when there is nothing to do.
 * Words that stand for a variable stay.
 * @throws {TaskError} where one parameter is set twice to different values, of which the kernel takes the last
 */
export function amended(
  words: readonly CmdlineToken[],
  desire: CmdlineDesire,
  { where, expand = (same) => same }: AmendedAt,
): readonly CmdlineToken[] {
  const effective = expand(words);
  if (unmetTokens(effective, desire).length === 0) return words;
  refuseConflict(effective, desire, where);
  const { drop, append } = difference(effective, withDesire(effective, desire), desire);
  const kept = words.filter((word, at) => !drop.includes(word.text) && !isRepeated(words, at, desire));
  return [...kept, ...append.map(parseToken)];
}

/** A parameter of which there can be one, there twice with the same value: one goes. */
function isRepeated(words: readonly CmdlineToken[], at: number, { tokens, policies }: CmdlineDesire): boolean {
  const { key = '', text = '' } = words[at] ?? {};
  const policy = policyOf(key, policies);
  const isSingle = policy === 'set' || policy === 'csv-merge';
  return isSingle && tokens.some((one) => one.key === key) && words.slice(0, at).some((one) => one.text === text);
}

/** What must be taken out of a command line, and added to it, to make it another one. */
export function difference(before: readonly CmdlineToken[], target: readonly CmdlineToken[], desire: CmdlineDesire) {
  const isReordered = sequenceText(before, desire) !== sequenceText(target, desire);
  const ordered = new Set(isReordered ? sequenceOf([...before, ...target], desire).map((token) => token.text) : []);
  const isIn = (tokens: readonly CmdlineToken[], text: string) => tokens.some((token) => token.text === text);
  const drop = before.filter(({ text }) => ordered.has(text) || !isIn(target, text)).map((token) => token.text);
  const append = target.filter(({ text }) => ordered.has(text) || !isIn(before, text)).map((token) => token.text);
  return { drop: [...new Set(drop)], append };
}

export function refuseConflict(tokens: readonly CmdlineToken[], desire: CmdlineDesire, where: string): void {
  const conflict = conflictingTokens(tokens, desire);
  if (conflict.length === 0) return;
  const texts = conflict.map((token) => token.text).join(' and ');
  throw new TaskError(
    `${where} sets one parameter twice, ${texts}: the kernel takes the last and devices of the other are lost. Keep one of them.`,
    { conflict: conflict.map((token) => token.text) },
  );
}

function sequenceText(tokens: readonly CmdlineToken[], desire: CmdlineDesire): string {
  return sequenceOf(tokens, desire)
    .map((token) => token.text)
    .join(' ');
}
