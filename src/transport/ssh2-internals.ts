import { createSecretKey, type KeyObject } from 'node:crypto';

/*
 * The two places where ssh2's private parts are touched, for want of an option: both only leave work out, and without the
 * parts they look for nothing changes. The version is pinned, and a test tells when a part has moved.
 */

interface Internals {
  readonly _protocol?: {
    readonly _handlers?: {
      GLOBAL_REQUEST?: (self: unknown, name: string, ...rest: readonly unknown[]) => void;
    };
    readonly _cipher?: { _encKey?: Buffer | KeyObject };
    readonly _decipher?: { _decipherKey?: Buffer | KeyObject };
  };
}

/**
 * After login OpenSSH offers its other host keys, and ssh2 lets it prove them, one signature each to check: milliseconds for
 * every host, for an event nobody here listens to.
 */
export function leaveHostKeysUnproved(client: object): boolean {
  const handlers = (client as Internals)._protocol?._handlers;
  const original = handlers?.GLOBAL_REQUEST;
  if (!handlers || !original) return false;
  handlers.GLOBAL_REQUEST = (self, name, ...rest) => {
    if (name !== 'hostkeys-00@openssh.com') original(self, name, ...rest);
  };
  return true;
}

/**
 * AES-GCM makes a new cipher for every packet, and Node looks at a key given as bytes for longer than encrypting takes
 * (80 µs against 12 with a KeyObject on Node 24). Keys of a later re-exchange stay bytes, which is only slower.
 */
export function keepPreparedKeys(client: object): boolean {
  const { _cipher: cipher, _decipher: decipher } = (client as Internals)._protocol ?? {};
  if (!(cipher?._encKey instanceof Uint8Array) || !(decipher?._decipherKey instanceof Uint8Array)) return false;
  cipher._encKey = createSecretKey(cipher._encKey);
  decipher._decipherKey = createSecretKey(decipher._decipherKey);
  return true;
}
