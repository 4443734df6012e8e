/** A mistake in an encrypted text or its password; the message never holds plaintext or a password. */
export class VaultError extends Error {
  override name = 'VaultError';
}

/** The parts of an encrypted text (Ansible Vault 1.1 and 1.2, docs.ansible.com: "Ansible Vault payload format"). */
export interface Envelope {
  /** The label of the password, from 1.2 on. */
  readonly id: string | undefined;
  readonly salt: Buffer;
  readonly hmac: Buffer;
  readonly ciphertext: Buffer;
}

const MAGIC = '$ANSIBLE_VAULT';
const LINE_LENGTH = 80;
const BLOCK_BYTES = 16;
const DIGEST_BYTES = 32;

export function isVaultText(text: string | Uint8Array): boolean {
  return typeof text === 'string'
    ? text.trimStart().startsWith(`${MAGIC};`)
    : Buffer.from(text.subarray(0, MAGIC.length + 1)).toString('latin1') === `${MAGIC};`;
}

/** @throws {@link VaultError} saying which part is missing, cut off or of an unknown kind. */
export function parseEnvelope(text: string): Envelope {
  const [header = '', ...lines] = text.trim().split(/\r?\n/);
  const id = parseHeader(header.trim());
  const inner = fromHex(lines.map((line) => line.trim()).join(''), 'body').toString('latin1');
  const [salt = '', hmac = '', ciphertext = '', ...rest] = inner.split('\n');
  if (rest.length > 0 || ciphertext === '') throw new VaultError('the vault text is cut off or damaged');
  const parts = {
    salt: fromHex(salt, 'salt'),
    hmac: fromHex(hmac, 'checksum'),
    ciphertext: fromHex(ciphertext, 'text'),
  };
  if (parts.hmac.length !== DIGEST_BYTES || parts.ciphertext.length % BLOCK_BYTES !== 0) {
    throw new VaultError('the vault text is cut off');
  }
  return { id, ...parts };
}

function parseHeader(header: string): string | undefined {
  const [magic, version = '', cipher = '', id] = header.split(';').map((part) => part.trim());
  if (magic !== MAGIC) throw new VaultError(`not a vault text: it must start with ${MAGIC}`);
  if (version !== '1.1' && version !== '1.2') throw new VaultError(`vault format ${version} is not 1.1 or 1.2`);
  if (cipher !== 'AES256') throw new VaultError(`vault cipher ${cipher} is not AES256`);
  return id === '' ? undefined : id;
}

function fromHex(digits: string, part: string): Buffer {
  if (digits === '') throw new VaultError(`the vault text is cut off: its ${part} is missing`);
  if (!/^[0-9a-fA-F]+$/.test(digits)) throw new VaultError(`the vault text's ${part} is not hexadecimal`);
  if (digits.length % 2 !== 0) throw new VaultError(`the vault text is cut off in its ${part}`);
  return Buffer.from(digits, 'hex');
}

export function formatEnvelope({ id, salt, hmac, ciphertext }: Envelope): string {
  const inner = [salt, hmac, ciphertext].map((part) => part.toString('hex')).join('\n');
  const lines =
    Buffer.from(inner)
      .toString('hex')
      .match(new RegExp(`.{1,${LINE_LENGTH}}`, 'g')) ?? [];
  const header = id === undefined ? `${MAGIC};1.1;AES256` : `${MAGIC};1.2;AES256;${id}`;
  return `${[header, ...lines].join('\n')}\n`;
}
