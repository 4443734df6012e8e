import { createSecretKey, type KeyObject } from 'node:crypto';
import type { ParsedKey } from 'ssh2';

/*
 * The three places where ssh2's private parts are touched, for want of an option: all only leave work out, and without the
 * parts they look for nothing changes. The version is pinned, and a test tells when a part has moved.
 */

interface Internals {
  readonly _protocol?: {
    readonly _handlers?: {
      GLOBAL_REQUEST?: (self: unknown, name: string, ...rest: readonly unknown[]) => void;
    };
    readonly _cipher?: { _encKey?: Buffer | KeyObject };
    readonly _decipher?: { _decipherKey?: Buffer | KeyObject };
    authPK?: Authenticate;
  };
}

type Sign = (request: Buffer, send: (signature: Buffer) => void) => void;
type Authenticate = (this: unknown, user: string, key: ParsedKey, algorithm?: string, sign?: Sign) => void;

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

/**
 * Asking whether a key would do, before signing with it, is for keys that are slow to sign with or need a passphrase (RFC 4252,
 * section 7); with others it is a round trip for nothing, and the server reads its authorized_keys twice. RSA keys are asked for,
 * because the answer tells which hash the server takes.
 */
export function signAtOnce(client: object): boolean {
  const protocol = (client as Internals)._protocol;
  const ask = protocol?.authPK;
  if (!protocol || !ask) return false;
  protocol.authPK = (user, key, algorithm, sign) => {
    if (sign !== undefined || key.type === 'ssh-rsa' || !key.isPrivateKey())
      return ask.call(protocol, user, key, algorithm, sign);
    ask.call(protocol, user, key, algorithm, (request, send) => {
      const signature: unknown = key.sign(request);
      if (signature instanceof Buffer) send(signature);
      else ask.call(protocol, user, key, algorithm);
    });
  };
  return true;
}
