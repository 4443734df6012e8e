import { TaskError } from '../contract/task-error.ts';

/** A keyword's value as a number; text that is one, since templates and inventories in INI give text. @throws {TaskError} */
export function toNumber(value: unknown, what: string): number {
  const number = Number(value);
  if (Number.isNaN(number)) throw new TaskError(`${what} must be a number, not ${JSON.stringify(value)}`);
  return number;
}
