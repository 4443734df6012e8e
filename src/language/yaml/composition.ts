import type { Event } from 'js-yaml';
import type { Problems } from '../../contract/problem.ts';
import { LimitError, type YamlLimits } from './limits.ts';
import type { Node } from './node.ts';
import type { SourceText } from './source-text.ts';

export interface Anchor {
  readonly node: Node;
  readonly nodes: number;
  readonly height: number;
}

/** What one pass over the events keeps; the only mutable state of the reader. */
export interface Composition {
  readonly source: SourceText;
  readonly problems: Problems;
  readonly limits: YamlLimits;
  readonly events: readonly Event[];
  readonly anchors: Map<string, Anchor>;
  /** Problems known before this document. */
  readonly problemsBefore: number;
  next: number;
  /** End of the last token, from which a value that has no text of its own is placed. */
  cursor: number;
  aliases: number;
  nodes: number;
  depth: number;
  deepest: number;
}

export type ComposeInput = Pick<Composition, 'source' | 'problems' | 'limits'>;

export function newComposition(events: readonly Event[], input: ComposeInput): Composition {
  const problemsBefore = input.problems.list.length;
  // Event 0 opens the document.
  const counters = { next: 1, cursor: 0, aliases: 0, nodes: 0, depth: 0, deepest: 0 };
  return { ...input, events, anchors: new Map(), problemsBefore, ...counters };
}

/** After so many mistakes the text is something else than what it is taken for. */
const MOST_MISTAKES = 100;

export function countNodes(state: Composition, count: number): void {
  state.nodes += count;
  const { limits, nodes, problems, problemsBefore, cursor } = state;
  if (nodes > limits.nodes) {
    throw new LimitError(`the document has more than ${limits.nodes} values, aliases counted each time`, cursor);
  }
  if (problems.list.length - problemsBefore >= MOST_MISTAKES) throw new LimitError('too many mistakes', cursor);
}

export function reachDepth(state: Composition, depth: number): void {
  if (depth > state.limits.depth) throw new LimitError(`nested more than ${state.limits.depth} deep`, state.cursor);
  state.deepest = Math.max(state.deepest, depth);
}
