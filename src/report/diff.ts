import { createTwoFilesPatch } from 'diff';
import type { Diff } from '../contract/change.ts';
import { printable } from './printable.ts';

/** Milliseconds before two texts count as too different to compare. */
const DIFF_TIMEOUT_MS = 500;
const LARGEST_SHOWN = 100 * 1024;

/** A change as unified diff or attribute list, one line each; empty for actions, which are described elsewhere. */
export function diffLines(diff: Diff): readonly string[] {
  switch (diff.kind) {
    case 'text':
      return textDiff(diff.path, diff.before, diff.after);
    case 'attributes':
      return Object.keys(diff.after)
        .filter((name) => diff.before[name] !== diff.after[name])
        .map((name) => printable(`~ ${diff.path} ${name}: ${diff.before[name] ?? 'none'} -> ${diff.after[name]}`));
    case 'action':
      return [];
  }
}

function textDiff(path: string, before: string | null, after: string | null): readonly string[] {
  if ((before?.length ?? 0) + (after?.length ?? 0) > LARGEST_SHOWN) return [`~ ${printable(path)}: too large to show`];
  const names = [before === null ? '/dev/null' : path, after === null ? '/dev/null' : path] as const;
  const patch = createTwoFilesPatch(...names, before ?? '', after ?? '', undefined, undefined, {
    context: 2,
    timeout: DIFF_TIMEOUT_MS,
  });
  if (patch === undefined) return [`~ ${printable(path)}: too different to show`];
  return printable(patch)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('====') && !line.startsWith('\\ No newline'))
    .map((line) => line.trimEnd());
}
