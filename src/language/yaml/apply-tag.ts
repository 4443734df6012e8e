import type { Problems } from '../../contract/problem.ts';
import { suggest } from '../suggest.ts';
import { isMapping } from './merge.ts';
import type { Node } from './node.ts';
import { asBoolean, asNumber, resolvePlain } from './scalars.ts';
import { Unsafe, VaultText } from './tags.ts';

type Construct = (node: Node) => unknown;

const vault: Construct = (node) =>
  typeof node.value === 'string' ? new VaultText(node.value, node.position) : undefined;

/** Each gives `undefined` when the value does not fit the tag. */
const constructors: ReadonlyMap<string, Construct> = new Map<string, Construct>([
  ['!vault', vault],
  ['!vault-encrypted', vault],
  ['!unsafe', (node) => new Unsafe(node.value)],
  ['!', (node) => node.value],
  ['!!str', (node) => (typeof node.value === 'string' ? node.value : undefined)],
  ['!!bool', (node) => asBoolean(String(node.value))],
  ['!!int', (node) => integerOf(asNumber(String(node.value)))],
  ['!!float', (node) => asNumber(String(node.value))],
  ['!!null', (node) => (node.value === '' || resolvePlain(String(node.value)) === null ? null : undefined)],
  ['!!seq', (node) => (Array.isArray(node.value) ? node.value : undefined)],
  ['!!map', (node) => (isMapping(node.value) ? node.value : undefined)],
]);

/** The node as its tag wants it. An unknown or unfitting tag is a problem, and the value stays as it is. */
export function applyTag(tag: string, node: Node, problems: Problems): Node {
  const construct = constructors.get(shortForm(tag));
  if (!construct) {
    const similar = suggest(tag, constructors.keys());
    const hint = similar === undefined ? 'known are !vault and !unsafe' : `did you mean ${similar}?`;
    problems.error(`unknown tag ${tag}`, { position: node.position, hint });
    return node;
  }
  const value = construct(node);
  if (value === undefined) problems.error(`${tag} does not fit this value`, { position: node.position });
  if (value === undefined) return node;
  const isOpaque = value instanceof VaultText || value instanceof Unsafe;
  return isOpaque ? { value, position: node.position } : { ...node, value };
}

function shortForm(tag: string): string {
  return tag.replace(/^!<(?:tag:yaml\.org,2002:(.*)|(!.*))>$/, (_, core, local) => (core ? `!!${core}` : local));
}

function integerOf(value: number | undefined): number | undefined {
  return Number.isInteger(value) ? value : undefined;
}
