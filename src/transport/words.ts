/**
 * Splits a line into words as ssh_config and Ansible's ssh arguments write them: blanks separate, single and double
 * quotes and backslashes protect.
 *
 * @example splitWords(`-o "A B" c\\ d`) // ['-o', 'A B', 'c d']
 */
export function splitWords(line: string): readonly string[] {
  const words: string[] = [];
  for (const [match] of line.matchAll(/(?:'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^\s'"\\])+/g)) words.push(unquote(match));
  return words;
}

function unquote(word: string): string {
  return word.replaceAll(
    /'([^']*)'|"((?:\\.|[^"\\])*)"|\\(.)/g,
    (_, single?: string, double?: string, escaped?: string) =>
      single ?? double?.replaceAll(/\\(["\\])/g, '$1') ?? escaped ?? '',
  );
}
