import fc from 'fast-check';
import { expect, test } from 'vitest';
import { expandHosts } from './ranges.ts';

test.each([
  ['web', ['web']],
  ['gpu[01:03]', ['gpu01', 'gpu02', 'gpu03']],
  ['gpu[1:10:3]', ['gpu1', 'gpu4', 'gpu7', 'gpu10']],
  ['gpu[08:11]', ['gpu08', 'gpu09', 'gpu10', 'gpu11']],
  ['gpu[:2]', ['gpu0', 'gpu1', 'gpu2']],
  ['db-[a:c].example.com', ['db-a.example.com', 'db-b.example.com', 'db-c.example.com']],
  ['db[a:f:2]', ['dba', 'dbc', 'dbe']],
  ['r[1:2]n[a:b]', ['r1na', 'r1nb', 'r2na', 'r2nb']],
  ['10.0.0.[9:11]', ['10.0.0.9', '10.0.0.10', '10.0.0.11']],
  ['::1', ['::1']],
  ['2001:db8::1', ['2001:db8::1']],
])('expands %s', (pattern, names) => {
  expect(expandHosts(pattern)).toEqual({ names });
});

test.each([
  ['web:2222', { names: ['web'], port: 2222 }],
  ['gpu[1:2]:2222', { names: ['gpu1', 'gpu2'], port: 2222 }],
  ['[::1]:22', { names: ['::1'], port: 22 }],
  ['[2001:db8::1]:2222', { names: ['2001:db8::1'], port: 2222 }],
  ['10.0.0.1:22', { names: ['10.0.0.1'], port: 22 }],
])('takes the port off %s', (pattern, expansion) => {
  expect(expandHosts(pattern)).toEqual(expansion);
});

test.each([
  '-oProxyCommand=id',
  'h;reboot',
  'h$(id)',
  'h`id`',
  'h|id',
  'h&id',
  '../../etc/passwd',
  'a/b',
  'a b',
  'user@host',
  'fe80::1%eth0',
  'xn--e1afmkfd',
  'a.xn--p1ai',
  'gpü',
  'gpu.',
  'a..b',
  'gpu-',
  '',
  '---',
  'web:',
  'web:0',
  'web:65536',
  'gpu[1:2]-',
  'gpu[3:1]',
  'gpu[01:100]',
  'gpu[1]',
  'gpu[1:2:0]',
  'gpu[1:2:3:4]',
  'gpu[c:a]',
  'gpu[a:3]',
  'gpu[1:x]',
  'gpu[1:2',
  'gpu[1:999999999]',
  'a[1:1000]b[1:1000]',
  'x'.repeat(254),
  'h\u0000',
  'h\nreboot',
])('refuses %j', (pattern) => {
  expect(expandHosts(pattern)).toHaveProperty('mistake');
});

test('lets no character through that a shell, ssh or a path gives a meaning', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary-ascii', maxLength: 12 }), (text) => {
      const expansion = expandHosts(text);
      for (const name of expansion.mistake === undefined ? expansion.names : []) {
        expect(name).toMatch(/^[A-Za-z0-9_:][A-Za-z0-9_.:-]*$/);
      }
    }),
    { numRuns: 2000 },
  );
});
