import { onceFor } from './fuse.ts';

/** A path to look at, as the host is asked: what is there itself, or the content at the end of its links up to so many bytes. */
export type FileWord = `${'s' | number}/${string}`;

const kindOf = (word: FileWord): string => word.slice(0, word.indexOf('/'));

export const pathOf = (word: FileWord): string => word.slice(word.indexOf('/'));

/** A path and every way in which it is asked for, the most bytes of content first. */
interface Asked {
  readonly path: string;
  readonly words: readonly FileWord[];
}

/** Paths that are asked for in the same ways. */
export interface Looks {
  /** @example '4096,s' */
  readonly kinds: string;
  readonly asked: readonly Asked[];
}

/** In the order in which the host is asked. */
export const looksOf = onceFor((words: readonly FileWord[]): readonly Looks[] => {
  const byPath = new Map<string, FileWord[]>();
  for (const word of words) {
    const path = pathOf(word);
    const same = byPath.get(path);
    if (same) same.push(word);
    else byPath.set(path, [word]);
  }
  const groups = new Map<string, Asked[]>();
  for (const [path, same] of byPath) {
    if (same.length > 1) same.sort(byMost);
    const kinds = same.map(kindOf).join(',');
    const asked = groups.get(kinds);
    if (asked) asked.push({ path, words: same });
    else groups.set(kinds, [{ path, words: same }]);
  }
  return [...groups].map(([kinds, asked]) => ({ kinds, asked }));
});

/** Whether content is asked for, by a word or first of all of several kinds. */
export function isContent(wordOrKinds: string): boolean {
  return !wordOrKinds.startsWith('s');
}

function byMost(a: FileWord, b: FileWord): number {
  return mostOf(b) - mostOf(a);
}

/** Bytes of content at the most; less than any for the thing itself. */
export function mostOf(word: FileWord): number {
  return word.startsWith('s') ? -1 : Number(kindOf(word));
}
