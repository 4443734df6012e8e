import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import { makeKey, publicKey } from '../../test/support/sshd.ts';
import {
  entriesFor,
  fingerprint,
  hostKeyName,
  judge,
  matchesPattern,
  parseKnownHosts,
  rememberHostKey,
} from './known-hosts.ts';

const directory = mkdtempSync(join(tmpdir(), 'known-'));
afterAll(() => rmSync(directory, { recursive: true }));

const keyFile = makeKey(directory, 'host', 'ed25519');
const line = publicKey(keyFile);
const key = Buffer.from(line.split(' ')[1] ?? '', 'base64');
const otherLine = publicKey(makeKey(directory, 'other', 'ecdsa'));

const verdict = (text: string, name: string): string => judge(entriesFor(parseKnownHosts(text, 'f'), name), key).kind;

describe('known_hosts', () => {
  it.each([
    ['a plain name', `gpu01,10.0.0.1 ${line}`, 'gpu01', 'known'],
    ['a name in other letters', `GPU01 ${line}`, 'gpu01', 'known'],
    ['another port', `[gpu01]:2222 ${line}`, 'gpu01', 'unknown'],
    ['the same port', `[gpu01]:2222 ${line}`, '[gpu01]:2222', 'known'],
    ['a wildcard', `gpu?? ${line}`, 'gpu01', 'known'],
    ['a negated pattern', `gpu*,!gpu01 ${line}`, 'gpu01', 'unknown'],
    ['a dot that is no wildcard', `gpu.1 ${line}`, 'gpux1', 'unknown'],
    ['a key of another type', `gpu01 ${otherLine}`, 'gpu01', 'changed'],
    ['two keys, one of them right', `gpu01 ${otherLine}\ngpu01 ${line}`, 'gpu01', 'known'],
    ['a revoked key', `gpu01 ${line}\n@revoked * ${line}`, 'gpu01', 'revoked'],
    ['another host revoked', `gpu01 ${line}\n@revoked gpu02 ${line}`, 'gpu01', 'known'],
    ['an authority', `@cert-authority *.cloud ${line}`, 'a.cloud', 'only-authority'],
    [
      'an unknown marker, comments and broken lines',
      `@new gpu01 ${line}\n# gpu01 ${line}\ngpu01\n\n`,
      'gpu01',
      'unknown',
    ],
  ])('understands %s', (_, text, name, expected) => {
    expect(verdict(text, name)).toBe(expected);
  });

  it('finds names that ssh-keygen has hashed', () => {
    const file = join(directory, 'hashed');
    writeFileSync(file, `gpu01 ${line}\n[gpu02]:2222 ${line}\n`);
    execFileSync('ssh-keygen', ['-q', '-H', '-f', file], { stdio: 'ignore' });
    const text = readFileSync(file, 'utf8');
    expect(text).not.toContain('gpu01');
    expect(['gpu01', '[gpu02]:2222', 'gpu02'].map((name) => verdict(text, name))).toEqual([
      'known',
      'known',
      'unknown',
    ]);
  });

  it('writes entries, plain or hashed, that ssh-keygen finds again', () => {
    const file = join(directory, 'written');
    writeFileSync(file, `first ${line}`);
    rememberHostKey(file, 'plain', key, false);
    rememberHostKey(file, hostKeyName('hidden', 2222), key, true);
    for (const name of ['first', 'plain', '[hidden]:2222']) {
      expect(execFileSync('ssh-keygen', ['-F', name, '-f', file]).toString()).toContain(line);
    }
    expect(readFileSync(file, 'utf8')).not.toContain('hidden');
  });

  it('prints fingerprints as ssh-keygen does', () => {
    expect(execFileSync('ssh-keygen', ['-l', '-f', keyFile]).toString()).toContain(fingerprint(key));
  });

  it('takes pattern characters other than * and ? literally', () => {
    expect([matchesPattern('a+b', 'a+b'), matchesPattern('a+b', 'aab'), matchesPattern('[a]', 'a')]).toEqual([
      true,
      false,
      false,
    ]);
  });
});
