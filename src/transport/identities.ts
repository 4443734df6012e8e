import { readFileSync, statSync } from 'node:fs';

import type { Secret } from '../contract/secret.ts';

/** Turns the text of a private key into what the SSH library signs with; an Error says why it cannot. */
export type ParseKey<K> = (text: Buffer, passphrase: string | undefined) => K | Error;

export interface Identities<K> {
  readonly keys: readonly { readonly file: string; readonly key: K }[];
  /** Why other files are not used, for the message when nobody is let in. */
  readonly notes: readonly string[];
}

/** Private keys, each file read and decrypted once for all hosts. */
export class IdentityFiles<K> {
  readonly #parse: ParseKey<K>;
  readonly #cache = new Map<string, K | string>();

  constructor(parse: ParseKey<K>) {
    this.#parse = parse;
  }

  load(files: readonly string[], passphrase: Secret | undefined): Identities<K> {
    const keys: { file: string; key: K }[] = [];
    const notes: string[] = [];
    for (const file of new Set(files)) {
      const key = this.#load(file, passphrase);
      if (typeof key === 'string') notes.push(key);
      else keys.push({ file, key });
    }
    return { keys, notes };
  }

  #load(file: string, passphrase: Secret | undefined): K | string {
    const cacheKey = JSON.stringify([file, passphrase?.reveal()]);
    const cached = this.#cache.get(cacheKey);
    if (cached !== undefined) return cached;
    const loaded = this.#read(file, passphrase);
    this.#cache.set(cacheKey, loaded);
    return loaded;
  }

  #read(file: string, passphrase: Secret | undefined): K | string {
    try {
      const mode = statSync(file).mode & 0o777;
      if (mode & 0o077)
        return `${file} may be read by others (mode ${mode.toString(8).padStart(4, '0')}; run chmod 600)`;
      const key = this.#parse(readFileSync(file), passphrase?.reveal());
      return key instanceof Error ? `${file} ${reason(key, passphrase)}` : key;
    } catch (error) {
      const { code = 'error' } = error as NodeJS.ErrnoException;
      return code === 'ENOENT' ? `${file} does not exist` : `${file} cannot be read (${code})`;
    }
  }
}

function reason(error: Error, passphrase: Secret | undefined): string {
  if (!/encrypted|passphrase|decrypt|integrity/i.test(error.message))
    return `is not a usable private key (${error.message})`;
  return passphrase === undefined
    ? 'is encrypted and no passphrase was given'
    : 'could not be decrypted with the passphrase given';
}
