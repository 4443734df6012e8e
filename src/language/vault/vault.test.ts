import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SecretRegistry } from '../../contract/secret.ts';
import { isVaultText } from './envelope.ts';
import { encryptVault, openVault, type VaultPassword } from './vault.ts';

const swordfish = { id: 'default', password: 'swordfish' };
const gpu = { id: 'gpu', password: 'opensesame' };

/** Written by fixtures/capture.sh with ansible-vault. */
const captured = (name: string): string => readFileSync(new URL(`fixtures/${name}.vault`, import.meta.url), 'utf8');

function decrypt(text: string, passwords: readonly VaultPassword[] = [swordfish, gpu]): string {
  return openVault(passwords, new SecretRegistry()).decrypt(text);
}

test('decrypts what ansible-vault wrote, with and without a vault id', () => {
  expect(decrypt(captured('default'))).toBe('db_password: correct horse\nport: 3306\n');
  expect(decrypt(captured('gpu'))).toBe('rabbit-secret');
  expect(decrypt(captured('empty'))).toBe('');
});

test('decrypts an indented scalar and one with Windows line ends', () => {
  expect(decrypt(captured('gpu').replaceAll('\n', '\n      '))).toBe('rabbit-secret');
  expect(decrypt(captured('gpu').replaceAll('\n', '\r\n'))).toBe('rabbit-secret');
});

test('takes a vault id for a hint only', () => {
  expect(decrypt(captured('gpu'), [swordfish, { ...gpu, id: 'renamed' }])).toBe('rabbit-secret');
});

test('masks the plaintext, its lines and the passwords from then on', () => {
  const secrets = new SecretRegistry();
  openVault([swordfish, gpu], secrets).decrypt(captured('default'));
  expect(secrets.mask('db_password: correct horse / swordfish / opensesame')).toBe('******** / ******** / ********');
  openVault([gpu], secrets).decrypt(encryptVault('s3cret\n', gpu));
  expect(secrets.mask('p=s3cret')).toBe('p=********');
});

test('masks every value of an encrypted file of variables', () => {
  const secrets = new SecretRegistry();
  openVault([gpu], secrets).decrypt(encryptVault('db: {pin: 0123456, users: [{name: alice-admin}]}\non: true\n', gpu));
  expect(secrets.mask('pin 0123456 of alice-admin is true')).toBe('pin ******** of ******** is true');
});

test('names the vault ids tried when no password fits', () => {
  const wrong = [{ id: 'prod', password: 'wrong' }];
  expect(() => decrypt(captured('gpu'), wrong)).toThrow(
    'encrypted with the vault id `gpu`: no vault password fits (tried: prod), or the text was altered',
  );
  expect(() => decrypt(captured('default'), [])).toThrow('encrypted, and no vault password was given');
});

test('refuses a text with any one digit altered', () => {
  const text = captured('gpu');
  const digits = [...text].flatMap((_, index) => (index > text.indexOf('\n') && text[index] !== '\n' ? [index] : []));
  const vault = openVault([gpu], new SecretRegistry());
  for (const index of digits.filter((_, position) => position % 7 === 0)) {
    const other = text[index] === '7' ? '6' : '7';
    const altered = `${text.slice(0, index)}${other}${text.slice(index + 1)}`;
    expect(() => vault.decrypt(altered)).toThrow(/cut off|not hexadecimal|altered|missing/);
  }
});

test('refuses a text cut off anywhere', () => {
  const text = captured('gpu').trim();
  const vault = openVault([gpu], new SecretRegistry());
  for (let length = 0; length < text.length; length += 5) {
    expect(() => vault.decrypt(text.slice(0, length))).toThrow(/cut off|altered|must start|format|cipher/);
  }
});

test.each([
  ['hello', 'not a vault text: it must start with $ANSIBLE_VAULT'],
  ['$ANSIBLE_VAULT;1.0;AES\n00', 'vault format 1.0 is not 1.1 or 1.2'],
  ['$ANSIBLE_VAULT;1.1;AES\n00', 'vault cipher AES is not AES256'],
  ['$ANSIBLE_VAULT;1.1;AES256\nxyz', "the vault text's body is not hexadecimal"],
])('refuses %j', (text, message) => {
  expect(() => decrypt(text)).toThrow(message);
});

test('reads back what it encrypts', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 70 }), fc.constantFrom(swordfish, gpu), (bytes, password) => {
      const text = encryptVault(bytes, password);
      expect(new Uint8Array(openVault([password], new SecretRegistry()).decryptBytes(text))).toEqual(bytes);
    }),
    { numRuns: 20 },
  );
});

test('never encrypts the same text to the same bytes', () => {
  expect(encryptVault('x', gpu)).not.toBe(encryptVault('x', gpu));
});

test('tells vault texts from others', () => {
  expect(isVaultText(captured('gpu'))).toBe(true);
  expect(isVaultText(Buffer.from(captured('gpu')))).toBe(true);
  expect(isVaultText('a: 1')).toBe(false);
  expect(isVaultText(Buffer.from('$ANSIBLE'))).toBe(false);
});

const ansibleVault = '/usr/bin/ansible-vault';

test.skipIf(!existsSync(ansibleVault))('encrypts so that ansible-vault decrypts', { timeout: 30_000 }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'vault-'));
  try {
    writeFileSync(join(directory, 'password'), 'opensesame\n');
    writeFileSync(join(directory, 'file'), encryptVault('from here ü\n', gpu));
    const output = execFileSync(ansibleVault, ['view', '--vault-id', 'gpu@password', 'file'], { cwd: directory });
    expect(output.toString()).toContain('from here ü\n');
  } finally {
    rmSync(directory, { recursive: true });
  }
});
