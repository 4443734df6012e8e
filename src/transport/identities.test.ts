import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Secret } from '../contract/secret.ts';
import { IdentityFiles } from './identities.ts';
import { parsePrivateKey } from './ssh.ts';

let directory: string;
let file: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'identities-'));
  file = join(directory, 'id');
  const pair = ssh2.utils.generateKeyPairSync('ed25519', { passphrase: 'right one', cipher: 'aes256-ctr', rounds: 1 });
  writeFileSync(file, pair.private, { mode: 0o600 });
});
afterAll(() => rmSync(directory, { recursive: true }));

test('a wrong passphrase of one host does not keep another from using the key', () => {
  const identities = new IdentityFiles(parsePrivateKey);
  expect(identities.load([file], new Secret('wrong one'))).toMatchObject({
    keys: [],
    notes: [`${file} could not be decrypted with the passphrase given`],
  });
  expect(identities.load([file], new Secret('right one'))).toMatchObject({ keys: [{ file }], notes: [] });
  expect(identities.load([file], undefined)).toMatchObject({
    keys: [],
    notes: [`${file} is encrypted and no passphrase was given`],
  });
});
