import { suggest } from '../suggest.ts';

/** ` (did you mean 'x'?)`, or nothing when no name is near; a name that is right by letter is no suggestion. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const near = nearest(word, candidates);
  return near ? ` (did you mean '${near}'?)` : '';
}

/** The name a mistyped one most likely stood for. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  return suggest(
    word,
    [...candidates].filter((candidate) => candidate !== word),
  );
}
