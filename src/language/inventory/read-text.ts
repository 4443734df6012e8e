import { readFileSync } from 'node:fs';
import type { Problems } from '../../contract/problem.ts';
import { readFailure } from '../read-failure.ts';
import { isVaultText } from '../vault/envelope.ts';
import { decodeText } from '../yaml/source-text.ts';

export interface ReadTextOptions {
  readonly problems: Problems;
  /** Decrypts a whole file or throws; absent when no vault password was given. */
  readonly vaultDecrypt?: (text: string) => string;
}

/** The text of a file, decrypted when all of it is a vault; undefined after reporting why it cannot be had. */
export function readText(file: string, { problems, vaultDecrypt }: ReadTextOptions): string | undefined {
  const position = { file, line: 1, column: 1 };
  try {
    const text = decodeText(readFileSync(file), file, problems);
    if (text === undefined || !isVaultText(text)) return text;
    if (vaultDecrypt) return vaultDecrypt(text);
    problems.error('the file is encrypted', { position, hint: 'give its vault password' });
  } catch (error) {
    problems.error(`cannot be read: ${readFailure(error)}`, { position });
  }
  return undefined;
}
