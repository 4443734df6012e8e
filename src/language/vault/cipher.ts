import { createCipheriv, createDecipheriv, createHmac, pbkdf2Sync, timingSafeEqual } from 'node:crypto';

export interface Keys {
  readonly cipher: Buffer;
  readonly hmac: Buffer;
  readonly iv: Buffer;
}

/** The parameters of Ansible's AES256 vaults. */
const ITERATIONS = 10_000;
const KEY_BYTES = 32;
const IV_BYTES = 16;
const ALGORITHM = 'aes-256-ctr';

/** Takes some milliseconds of CPU: cache it. */
export function deriveKeys(password: string, salt: Buffer): Keys {
  const bytes = pbkdf2Sync(password, salt, ITERATIONS, 2 * KEY_BYTES + IV_BYTES, 'sha256');
  return {
    cipher: bytes.subarray(0, KEY_BYTES),
    hmac: bytes.subarray(KEY_BYTES, 2 * KEY_BYTES),
    iv: bytes.subarray(2 * KEY_BYTES),
  };
}

export function seal(plaintext: Uint8Array, keys: Keys): { readonly ciphertext: Buffer; readonly hmac: Buffer } {
  const cipher = createCipheriv(ALGORITHM, keys.cipher, keys.iv);
  const ciphertext = Buffer.concat([cipher.update(pad(plaintext)), cipher.final()]);
  return { ciphertext, hmac: digest(ciphertext, keys) };
}

/** The plaintext, or undefined when the checksum does not fit: another password, or altered text. */
export function unseal(sealed: { readonly ciphertext: Buffer; readonly hmac: Buffer }, keys: Keys): Buffer | undefined {
  if (!timingSafeEqual(digest(sealed.ciphertext, keys), sealed.hmac)) return undefined;
  const decipher = createDecipheriv(ALGORITHM, keys.cipher, keys.iv);
  return unpad(Buffer.concat([decipher.update(sealed.ciphertext), decipher.final()]));
}

function digest(ciphertext: Buffer, keys: Keys): Buffer {
  return createHmac('sha256', keys.hmac).update(ciphertext).digest();
}

/** PKCS#7, which counter mode does not need but Ansible's format has. */
function pad(plaintext: Uint8Array): Buffer {
  const count = IV_BYTES - (plaintext.length % IV_BYTES);
  return Buffer.concat([plaintext, Buffer.alloc(count, count)]);
}

function unpad(padded: Buffer): Buffer | undefined {
  const count = padded.at(-1) ?? 0;
  return count < 1 || count > IV_BYTES ? undefined : padded.subarray(0, padded.length - count);
}
