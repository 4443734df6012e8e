import {
  type Event,
  EVENT_ID,
  getScalarValue,
  type MappingEvent,
  SCALAR_STYLE,
  type ScalarEvent,
  type SequenceEvent,
} from 'js-yaml';
import type { Position } from '../../contract/problem.ts';
import { suggest } from '../suggest.ts';
import { applyTag } from './apply-tag.ts';
import { type ComposeInput, type Composition, countNodes, newComposition, reachDepth } from './composition.ts';
import { LimitError } from './limits.ts';
import { mergeInto, setOwn } from './merge.ts';
import type { Node } from './node.ts';
import { recordPlaces } from './positions.ts';
import { InexactIntegerError, resolvePlain } from './scalars.ts';
import { scalarStart } from './scalar-start.ts';

type Collection = MappingEvent | SequenceEvent;

/**
 * Builds the value of the first document and records the places of everything in it, in one pass over the parser's
 * events: the package's own constructor drops the positions.
 *
 * @throws {@link LimitError}
 */
export function compose(
  events: readonly Event[],
  input: ComposeInput,
): { readonly value: unknown; readonly end: number } {
  const state = newComposition(events, input);
  const value = events[1] === undefined || events[1].type === EVENT_ID.POP ? null : composeNode(state).value;
  return { value, end: state.cursor };
}

function composeNode(state: Composition): Node {
  const event = state.events[state.next++];
  countNodes(state, 1);
  switch (event?.type) {
    case EVENT_ID.ALIAS:
      return composeAlias(state, event.anchorStart, event.anchorEnd);
    case EVENT_ID.SCALAR:
      return anchored(state, event, () => composeScalar(state, event));
    case EVENT_ID.SEQUENCE:
      return anchored(state, event, () => nested(state, event, composeSequence));
    case EVENT_ID.MAPPING:
      return anchored(state, event, () => nested(state, event, composeMapping));
    default:
      throw new LimitError('the document ends too early', state.cursor);
  }
}

function anchored(state: Composition, event: Collection | ScalarEvent, build: () => Node): Node {
  if (event.anchorStart === -1) return build();
  const name = state.source.text.slice(event.anchorStart, event.anchorEnd);
  const before = { nodes: state.nodes, deepest: state.deepest };
  // An alias to an anchor that is still open would make the value contain itself.
  state.anchors.delete(name);
  state.deepest = state.depth;
  const node = build();
  state.anchors.set(name, { node, nodes: state.nodes - before.nodes, height: state.deepest - state.depth });
  state.deepest = Math.max(before.deepest, state.deepest);
  return node;
}

function composeAlias(state: Composition, start: number, end: number): Node {
  const name = state.source.text.slice(start, end);
  const position = state.source.positionAt(start - 1);
  state.cursor = end;
  if (++state.aliases > state.limits.aliases) throw new LimitError(`more than ${state.limits.aliases} aliases`, start);
  const anchor = state.anchors.get(name);
  if (!anchor) {
    const similar = suggest(name, state.anchors.keys());
    const hint = similar === undefined ? 'an anchor &name must stand before its alias' : `did you mean *${similar}?`;
    state.problems.error(`alias *${name} has no anchor`, { position, hint });
    return { value: null, position };
  }
  countNodes(state, anchor.nodes);
  reachDepth(state, state.depth + anchor.height);
  return { ...anchor.node, position };
}

function nested<E extends Collection>(
  state: Composition,
  event: E,
  build: (state: Composition, event: E) => Node,
): Node {
  state.cursor = Math.max(state.cursor, event.start);
  reachDepth(state, ++state.depth);
  const node = build(state, event);
  state.depth--;
  state.next++;
  return event.tagStart === -1 ? node : tagged(state, event, node);
}

function isOpen(state: Composition): boolean {
  const event = state.events[state.next];
  return event !== undefined && event.type !== EVENT_ID.POP;
}

function composeSequence(state: Composition, event: SequenceEvent): Node {
  const items: unknown[] = [];
  const places = newPlaces(state, event);
  while (isOpen(state)) {
    const node = composeNode(state);
    places.add(items.length, node.position, node);
    items.push(node.value);
  }
  recordPlaces(items, places);
  return { value: items, position: places.self };
}

function composeMapping(state: Composition, event: MappingEvent): Node {
  const mapping: Record<string, unknown> = {};
  const places = newPlaces(state, event);
  const merged: Node[] = [];
  while (isOpen(state)) {
    const key = composeKey(state);
    const node = composeNode(state);
    if (key?.isMerge && merged.length === 0) merged.push(node);
    else if (key && isNewKey(state, key, key.isMerge ? merged[0]?.position : places.keys.get(key.text))) {
      places.add(key.text, key.position, node);
      setOwn(mapping, key.text, node.value);
    }
  }
  recordPlaces(mapping, places);
  const [merge] = merged;
  const value = merge === undefined ? mapping : mergeInto(mapping, merge, state.problems);
  return { value, position: places.self };
}

interface Key {
  readonly text: string;
  readonly position: Position;
  readonly isMerge: boolean;
}

/** Keys are text: what was typed, so `0644: x` is found under `0644` and `yes: x` under `yes`. */
function composeKey(state: Composition): Key | undefined {
  const event = state.events[state.next];
  const start = state.cursor;
  const node = composeNode(state);
  const isPlain = event?.type === EVENT_ID.SCALAR && event.style === SCALAR_STYLE.PLAIN && event.tagStart === -1;
  const text = node.typed ?? node.value;
  if (typeof text === 'string' && !(isPlain && text === ''))
    return { text, position: node.position, isMerge: isPlain && text === '<<' };
  const isTemplate =
    event?.type === EVENT_ID.MAPPING && /\{\s*\{/.test(state.source.text.slice(start, event.start + 1));
  const hint = isTemplate ? 'quote the template: "{{ … }}"' : 'write the key as text';
  state.problems.error('a key must be text', { position: node.position, hint });
  return undefined;
}

function isNewKey(state: Composition, key: Key, first: Position | undefined): boolean {
  if (!first) return true;
  const hint = key.isMerge ? 'merge several with a list: <<: [*a, *b]' : 'keep one of the two';
  const message = `key \`${key.text}\` is set twice, first at ${first.file}:${first.line}:${first.column}`;
  state.problems.error(message, { position: key.position, hint });
  return false;
}

function newPlaces(state: Composition, event: Collection) {
  const keys = new Map<string | number, Position>();
  const values = new Map<string | number, Position>();
  const texts = new Map<string | number, string>();
  const add = (key: string | number, position: Position, node: Node): void => {
    keys.set(key, position);
    values.set(key, node.position);
    if (node.typed !== undefined && typeof node.value !== 'string') texts.set(key, node.typed);
  };
  return { self: state.source.positionAt(event.start), keys, values, texts, add };
}

function composeScalar(state: Composition, event: ScalarEvent): Node {
  const position = state.source.positionAt(scalarStart(state.source.text, state.cursor, event));
  const text = getScalarValue(state.source.text, event);
  state.cursor = Math.max(state.cursor, event.valueEnd, event.tagEnd, event.anchorEnd);
  if (event.tagStart !== -1) return tagged(state, event, { value: text, position, typed: text });
  if (event.style !== SCALAR_STYLE.PLAIN) return { value: text, position };
  return { value: resolveOrReport(state, text, position), position, typed: text };
}

function resolveOrReport(state: Composition, text: string, position: Position): unknown {
  try {
    return resolvePlain(text);
  } catch (error) {
    if (!(error instanceof InexactIntegerError)) throw error;
    state.problems.error(error.message, { position, hint: `quote it to keep it as text: "${text}"` });
    return text;
  }
}

function tagged(state: Composition, event: Collection | ScalarEvent, node: Node): Node {
  const tag = state.source.text.slice(event.tagStart, event.tagEnd);
  return applyTag(tag, node, state.problems);
}
