import { TaskError } from '../contract/task-error.ts';

const TRUE_WORDS = ['yes', 'true', 'on', '1', 'y', 't'];
const FALSE_WORDS = ['no', 'false', 'off', '0', 'n', 'f', ''];

/** A keyword's value as a boolean: a real one, or one of YAML 1.1's words (inventories in INI give text). */
export function toBoolean(value: unknown, what: string): boolean {
  if (typeof value === 'boolean') return value;
  if (value === 0 || value === 1) return value === 1;
  const word = typeof value === 'string' ? value.toLowerCase() : undefined;
  if (word !== undefined && TRUE_WORDS.includes(word)) return true;
  if (word !== undefined && FALSE_WORDS.includes(word)) return false;
  throw new TaskError(`${what} must be true or false, not ${JSON.stringify(value)}`);
}
