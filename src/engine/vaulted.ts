import { TaskError } from '../contract/task-error.ts';
import { isVaultText, VaultError } from '../language/vault/envelope.ts';
import type { Compiler } from './context.ts';

/**
 * What a file of the controller holds, decrypted when it is a vault file: as with Ansible, no host ever gets the cipher.
 *
 * @throws TaskError naming the file, when no password fits
 */
export function unvaulted(
  bytes: Uint8Array,
  path: string,
  { decryptBytes }: Pick<Compiler, 'decryptBytes'>,
): Uint8Array {
  if (!isVaultText(bytes)) return bytes;
  try {
    return decryptBytes(Buffer.from(bytes).toString('latin1'));
  } catch (error) {
    if (!(error instanceof VaultError)) throw error;
    throw new TaskError(`${path}: ${error.message}`, {}, { cause: error });
  }
}
