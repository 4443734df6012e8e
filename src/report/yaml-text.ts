import { MASK, Secret } from '../contract/secret.ts';

/** Deeper than this a value is shown as `…`. */
const DEEPEST = 12;
/** Texts YAML would read as something else, or that would not look like one text. */
const AMBIGUOUS =
  /^$|^\s|\s$|^[-?:,[\]{}#&*!|>'"%@`]|: |:$| #|^(true|false|yes|no|on|off|null|~)$|^[-+.\d][\d._eExXa-fA-F:+-]*$/i;

/** A value as a person reads it: YAML, except that nothing is folded, and what is too deep is left out. */
export function* yamlText(value: unknown, depth = 0): Generator<string> {
  if (Array.isArray(value)) yield* list(value, depth);
  else if (isRecord(value)) yield* record(value, depth);
  else if (typeof value === 'string' && isBlock(value)) yield* ['|', ...block(value)];
  else yield scalar(value);
}

function* list(members: readonly unknown[], depth: number): Generator<string> {
  if (members.length === 0) yield '[]';
  else if (depth >= DEEPEST) yield '[…]';
  else
    for (const member of members) {
      let isFirst = true;
      for (const line of yamlText(member, depth + 1)) {
        yield `${isFirst ? '- ' : '  '}${line}`;
        isFirst = false;
      }
    }
}

function* record(value: object, depth: number): Generator<string> {
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  if (entries.length === 0) yield '{}';
  else if (depth >= DEEPEST) yield '{…}';
  else for (const [name, member] of entries) yield* entry(scalar(String(name)), member, depth);
}

function* entry(name: string, member: unknown, depth: number): Generator<string> {
  if (typeof member === 'string' && isBlock(member)) {
    yield `${name}: |`;
    yield* block(member);
    return;
  }
  const isNested = hasMembers(member) && depth + 1 < DEEPEST;
  if (isNested) yield `${name}:`;
  for (const line of yamlText(member, depth + 1)) yield isNested ? `  ${line}` : `${name}: ${line}`;
}

function scalar(value: unknown): string {
  if (value instanceof Secret) return MASK;
  if (value instanceof Uint8Array) return `(${value.length} bytes)`;
  if (typeof value === 'string') return AMBIGUOUS.test(value) || value.includes('\n') ? JSON.stringify(value) : value;
  if (value === undefined || value === null || typeof value === 'symbol') return 'null';
  return String(value);
}

function isBlock(text: string): boolean {
  return text.trimEnd().includes('\n');
}

function block(text: string): readonly string[] {
  return text
    .replace(/\n+$/, '')
    .split('\n')
    .map((line) => `  ${line}`);
}

function isRecord(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !(value instanceof Secret) && !(value instanceof Uint8Array);
}

function hasMembers(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return isRecord(value) && (value instanceof Map ? value.size > 0 : Object.keys(value).length > 0);
}
