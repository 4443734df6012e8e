import type { Output } from '../contract/command.ts';

/** @example firstLine(Buffer.from('\nstat: no\nmore')) // 'stat: no' */
export function firstLine(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString().trim().split('\n', 1)[0] ?? '';
}

/** Why a program's answer could not be used. */
export function complaint(output: Output | undefined, fallback: string): string {
  if (!output) return 'the host gave no answer';
  if (output.truncated) return 'the answer was too large to read at once';
  return firstLine(output.stderr) || fallback;
}
