import { readFileSync } from 'node:fs';

/** A key revocation list in OpenSSH's binary format (PROTOCOL.krl). */
const KRL_MAGIC = 'SSHKRL\n\0';

/**
 * Why a host key must not be accepted by ssh_config(5) RevokedHostKeys, a file of public keys. What cannot be read refuses every
 * key, as ssh does.
 */
export function revocation(file: string, key: Buffer): string | undefined {
  try {
    const bytes = readFileSync(file);
    if (bytes.toString('latin1', 0, KRL_MAGIC.length) === KRL_MAGIC)
      return `${file} (RevokedHostKeys) is a binary revocation list, which cannot be read here; write the revoked keys as text`;
    const encoded = key.toString('base64');
    const isListed = bytes.toString('utf8').split(/\s+/).includes(encoded);
    return isListed ? `its key is revoked in ${file}; do not connect to it` : undefined;
  } catch (error) {
    return `${file} (RevokedHostKeys) cannot be read (${(error as NodeJS.ErrnoException).code ?? 'error'}), so that no key can be trusted`;
  }
}
