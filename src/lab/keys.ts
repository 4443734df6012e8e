import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import ssh2 from 'ssh2';

export interface KeyPair {
  readonly privateKey: string;
  /** `ssh-ed25519 AAAA… comment` */
  readonly publicKey: string;
}

export function newKeyPair(comment: string): KeyPair {
  const pair = ssh2.utils.generateKeyPairSync('ed25519', { comment });
  // ssh2 drops leading zero bytes of a key, and then cannot read what it wrote: one pair in a hundred.
  if (ssh2.utils.parseKey(pair.private) instanceof Error) return newKeyPair(comment);
  return { privateKey: pair.private, publicKey: pair.public };
}

async function storeKeyPair(path: string, pair: KeyPair): Promise<void> {
  await writeFile(`${path}.pub`, `${pair.publicKey.trim()}\n`);
  await writeFile(`${path}.new`, pair.privateKey, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

/** The pair at a path, made when there is none. */
export async function keyPair(path: string, comment: string): Promise<KeyPair> {
  try {
    const [privateKey, publicKey] = await Promise.all([readFile(path, 'utf8'), readFile(`${path}.pub`, 'utf8')]);
    return { privateKey, publicKey };
  } catch {
    const pair = newKeyPair(comment);
    await storeKeyPair(path, pair);
    return pair;
  }
}

export interface KnownHost {
  readonly address: string;
  readonly port: number;
  readonly publicKey: string;
}

/** Writes the known_hosts file of the lab: what its hosts ought to show, whatever faults make them show. */
export async function writeKnownHosts(directory: string, hosts: readonly KnownHost[]): Promise<void> {
  const lines = hosts.map(({ address, port, publicKey }) => {
    const [type, blob] = publicKey.split(' ');
    return `${port === 22 ? address : `[${address}]:${port}`} ${type} ${blob?.trim()}\n`;
  });
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'known_hosts'), lines.join(''));
}
