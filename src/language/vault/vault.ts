import { randomBytes } from 'node:crypto';
import type { SecretRegistry } from '../../contract/secret.ts';
import { deriveKeys, type Keys, seal, unseal } from './cipher.ts';
import { registerPlaintext } from './register-plaintext.ts';
import { type Envelope, formatEnvelope, parseEnvelope, VaultError } from './envelope.ts';

/** A password with the label it goes by; `default` when none was given. */
export interface VaultPassword {
  readonly id: string;
  readonly password: string;
}

/** Decrypts with the passwords of one run. */
export interface Vault {
  /**
   * The text of a vault file or of a `!vault` scalar, which is masked from then on wherever something is printed.
   *
   * @throws {@link VaultError} when no password fits, or the text is damaged
   */
  decrypt(text: string): string;
  /** The same for files that need not be text. */
  decryptBytes(text: string): Buffer;
}

const SALT_BYTES = 32;
const DEFAULT_ID = 'default';

/**
 * @param secrets learns the passwords and every plaintext
 * @example openVault([{ id: 'default', password: 'hunter2' }], secrets).decrypt('$ANSIBLE_VAULT;1.1;AES256\n3338…')
 */
export function openVault(passwords: readonly VaultPassword[], secrets: SecretRegistry): Vault {
  for (const { password } of passwords) secrets.add(password);
  const plaintexts = new Map<string, Buffer>();
  const keys = new Map<string, Keys>();
  const decryptBytes = (text: string): Buffer => {
    const known = plaintexts.get(text);
    if (known) return known;
    const plaintext = decryptWith(passwords, parseEnvelope(text), keys);
    plaintexts.set(text, plaintext);
    registerPlaintext(plaintext.toString(), secrets);
    return plaintext;
  };
  return { decryptBytes, decrypt: (text) => decryptBytes(text).toString() };
}

function decryptWith(passwords: readonly VaultPassword[], envelope: Envelope, cache: Map<string, Keys>): Buffer {
  const id = envelope.id ?? DEFAULT_ID;
  // As Ansible does: the password of that label first, but a label is only a hint.
  const ordered = [...passwords].sort((a, b) => Number(b.id === id) - Number(a.id === id));
  for (const candidate of ordered) {
    const plaintext = unseal(envelope, cachedKeys(candidate, envelope.salt, cache));
    if (plaintext) return plaintext;
  }
  const label = envelope.id === undefined ? '' : ` with the vault id \`${envelope.id}\``;
  if (passwords.length === 0) throw new VaultError(`encrypted${label}, and no vault password was given`);
  const tried = passwords.map((candidate) => candidate.id).join(', ');
  throw new VaultError(`encrypted${label}: no vault password fits (tried: ${tried}), or the text was altered`);
}

function cachedKeys({ id, password }: VaultPassword, salt: Buffer, cache: Map<string, Keys>): Keys {
  const name = JSON.stringify([id, password, salt.toString('hex')]);
  const known = cache.get(name) ?? deriveKeys(password, salt);
  cache.set(name, known);
  return known;
}

/**
 * Encrypts as `ansible-vault encrypt` does, with a fresh salt: format 1.2 for a named vault id, else 1.1.
 *
 * @returns lines that end with a line feed, for a file or (indented) a `!vault |` scalar
 */
export function encryptVault(plaintext: string | Uint8Array, { id, password }: VaultPassword): string {
  if (/[;\s]/.test(id)) throw new VaultError('a vault id holds no space or `;`');
  const salt = randomBytes(SALT_BYTES);
  const sealed = seal(typeof plaintext === 'string' ? Buffer.from(plaintext) : plaintext, deriveKeys(password, salt));
  return formatEnvelope({ id: id === DEFAULT_ID ? undefined : id, salt, ...sealed });
}
