import { structuredPatch, type StructuredPatchHunk } from 'diff';
import type { Diff } from '../contract/change.ts';

/** Milliseconds before two texts count as too different to compare. */
const DIFF_TIMEOUT_MS = 500;
/** Characters of both texts together. */
const LARGEST_SHOWN = 100 * 1024;
const MOST_LINES = 400;

/** A change as unified diff or attribute list, one line each; empty for actions, which are described elsewhere. */
export function diffLines(diff: Diff): readonly string[] {
  switch (diff.kind) {
    case 'text':
      return textDiff(diff.path, diff.before, diff.after);
    case 'attributes':
      return Object.keys(diff.after)
        .filter((name) => diff.before[name] !== diff.after[name])
        .map((name) => `~ ${diff.path} ${name}: ${diff.before[name] ?? 'none'} -> ${diff.after[name]}`);
    case 'action':
      return [];
  }
}

function textDiff(path: string, before: string | null, after: string | null): readonly string[] {
  if (before === after) return [];
  if ((before?.length ?? 0) + (after?.length ?? 0) > LARGEST_SHOWN) return [`~ ${path}: too large to show`];
  const options = { context: 2, timeout: DIFF_TIMEOUT_MS };
  const patch = structuredPatch(path, path, before ?? '', after ?? '', undefined, undefined, options);
  if (patch === undefined) return [`~ ${path}: too different to show`];
  const lines = [
    `--- ${before === null ? '/dev/null' : path}`,
    `+++ ${after === null ? '/dev/null' : path}`,
    ...patch.hunks.flatMap(hunkLines),
  ];
  if (lines.length <= MOST_LINES) return lines;
  return [...lines.slice(0, MOST_LINES), `… ${lines.length - MOST_LINES} more lines`];
}

/** An empty side counts from the line before it, as diff(1) and patch(1) have it. */
function hunkLines({ oldStart, oldLines, newStart, newLines, lines }: StructuredPatchHunk): readonly string[] {
  const from = oldLines === 0 ? oldStart - 1 : oldStart;
  const to = newLines === 0 ? newStart - 1 : newStart;
  return [`@@ -${from},${oldLines} +${to},${newLines} @@`, ...lines];
}
