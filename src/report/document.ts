import type { SecretRegistry } from '../contract/secret.ts';
import { inert } from './json-lines.ts';

/** A copy in which every text, and every name of a member of a map, has its secrets masked. */
export function maskedTexts<Value>(value: Value, secrets: SecretRegistry): Value {
  return secrets.isEmpty ? value : (maskAll(value, secrets) as Value);
}

function maskAll(value: unknown, secrets: SecretRegistry): unknown {
  if (typeof value === 'string') return secrets.mask(value);
  if (Array.isArray(value)) return value.map((member) => maskAll(member, secrets));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, maskAll(member, secrets)]));
}

/**
 * One JSON document for machines, members named as the facts of modules are: `iommuGroup` becomes `iommu_group`.
 * Control characters are escaped, those too that JSON would let through to a terminal.
 */
export function jsonDocument(value: unknown): string {
  return `${inert(JSON.stringify(withSnakeCase(value), null, 2))}\n`;
}

function withSnakeCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withSnakeCase);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [snakeCase(name), withSnakeCase(member)]));
}

/** @example snakeCase('isBootVga') // 'is_boot_vga' */
function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
