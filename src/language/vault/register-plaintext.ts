import type { SecretRegistry } from '../../contract/secret.ts';
import { sourceTextOf } from '../yaml/positions.ts';
import { parseYamlValue } from '../yaml/read-yaml.ts';

/**
 * Masks a plaintext from now on: as a whole, without the line break that ends it in a file, and, when it is a file of
 * variables, every value in it, because those are what gets printed.
 */
export function registerPlaintext(plaintext: string, secrets: SecretRegistry): void {
  secrets.add(plaintext);
  secrets.add(plaintext.trim());
  if (plaintext.includes(':')) registerMembers(parsed(plaintext), secrets);
}

/** Undefined for what is not YAML, such as a private key. */
function parsed(text: string): unknown {
  try {
    return parseYamlValue(text);
  } catch {
    return undefined;
  }
}

function registerMembers(container: unknown, secrets: SecretRegistry): void {
  if (typeof container !== 'object' || container === null) return;
  for (const [key, value] of Object.entries(container)) {
    if (typeof value === 'string') secrets.add(value);
    else if (typeof value === 'number') secrets.add(typedText(container, key) ?? String(value));
    else registerMembers(value, secrets);
  }
}

function typedText(container: object, key: string): string | undefined {
  return sourceTextOf(container, Array.isArray(container) ? Number(key) : key);
}
