import { TaskError } from '../contract/task-error.ts';

/**
 * Splits a command line into words as a shell does, without expanding anything.
 * @throws {TaskError} on an unclosed quote or nothing but blanks
 * @example splitWords("visudo -cf '%s'") // ['visudo', '-cf', '%s']
 */
export function splitWords(text: string): readonly [string, ...string[]] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let index = 0; index < text.length; index++) {
    const char = text[index] ?? '';
    if (quote) {
      if (char === quote) quote = '';
      else if (char === '\\' && quote === '"' && /["\\$`]/.test(text[index + 1] ?? '')) word += text[++index] ?? '';
      else word += char;
    } else if (char === "'" || char === '"') [quote, word] = [char, word ?? ''];
    else if (char === '\\' && index + 1 < text.length) word = (word ?? '') + text[++index];
    else if (!/\s/.test(char)) word = (word ?? '') + char;
    else if (word !== undefined) [word] = [words.push(word) ? undefined : word];
  }
  if (quote) throw new TaskError(`a quote (${quote}) is not closed in: ${text}`);
  if (word !== undefined) words.push(word);
  const [first, ...rest] = words;
  if (first === undefined) throw new TaskError('there is no command');
  return [first, ...rest];
}
