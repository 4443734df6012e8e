import type { z } from 'zod';

/** The parts of zod's definitions that are walked here; every schema kind has some of them. */
interface Definition {
  readonly type: string;
  readonly innerType?: z.ZodType;
  readonly in?: z.ZodType;
  readonly out?: z.ZodType;
  readonly options?: readonly z.ZodType[];
  readonly left?: z.ZodType;
  readonly right?: z.ZodType;
  readonly element?: z.ZodType;
  readonly valueType?: z.ZodType;
  readonly shape?: Readonly<Record<string, z.ZodType>>;
}

export type Key = string | number;

/** The named arguments a schema knows, through unions, defaults and transforms. */
export function argFields(schema: z.ZodType): Readonly<Record<string, z.ZodType>> {
  const fields: Record<string, z.ZodType> = {};
  for (const plain of alternatives(schema)) Object.assign(fields, definitionOf(plain).shape);
  return fields;
}

/** The schema of a member, e.g. that of `entries[0].key`; undefined where a schema does not say. */
export function schemaAt(schema: z.ZodType, keys: readonly Key[]): z.ZodType | undefined {
  const [key, ...rest] = keys;
  if (key === undefined) return schema;
  for (const plain of alternatives(schema)) {
    const found = memberOf(definitionOf(plain), key);
    const member = found && schemaAt(found, rest);
    if (member) return member;
  }
  return undefined;
}

/** What the author of the module wrote about an argument. */
export function descriptionOf(schema: z.ZodType, keys: readonly Key[]): string | undefined {
  const field = schemaAt(schema, keys);
  return field && ownDescription(field);
}

function ownDescription(schema: z.ZodType): string | undefined {
  const { innerType } = definitionOf(schema);
  return schema.description ?? (innerType && ownDescription(innerType));
}

function memberOf(definition: Definition, key: Key): z.ZodType | undefined {
  if (typeof key === 'number') return definition.element;
  const { shape = {} } = definition;
  return Object.hasOwn(shape, key) ? shape[key] : definition.valueType;
}

/** The schemas a value may really meet: wrappers removed, unions opened. */
function alternatives(schema: z.ZodType): readonly z.ZodType[] {
  const { innerType, options, left, right, in: input, out } = definitionOf(schema);
  const inner = [innerType, ...(options ?? []), left, right, input, out].filter((one) => one !== undefined);
  return inner.length === 0 ? [schema] : inner.flatMap(alternatives);
}

function definitionOf(schema: z.ZodType): Definition {
  return schema.def as unknown as Definition;
}
