import { expect, it } from 'vitest';
import { parseFiles } from './parse-files.ts';

function output(stdout: string, stderr = '') {
  return { code: 0, stdout: Buffer.from(stdout), stderr: Buffer.from(stderr), truncated: false };
}

const LINE = (size: number): string =>
  `${size}|0:0|81a4|1|1795333507|65024:2146476:${size}:2026-11-22 07:45:07.426709567 +0000:x`;

const states = (...paths: readonly `/${string}`[]) => paths.map((path) => `s${path}` as const);
const contents = (...paths: readonly `/${string}`[]) => paths.map((path) => `100${path}` as const);

it('says that a host’s stat is another one, instead of taking every file for absent', () => {
  const readings = parseFiles(states('/a', '/b'), output('10\n-\n\n=\n', 'stat: unrecognized option: c\n'));
  expect(readings).toMatchObject([
    { ok: false, error: expect.stringMatching(/does not understand -c.*unrecognized option/) },
    { ok: true, value: { kind: 'absent' } },
  ]);
});

it('takes a file that vanished in between for absent, and keeps the others', () => {
  const said = "stat: cannot statx '/a': No such file or directory\n";
  expect(parseFiles(states('/a', '/b'), output(`11\n-\n${LINE(5)}\n\n=\n`, said))).toMatchObject([
    { ok: true, value: { kind: 'absent', path: '/a' } },
    { ok: true, value: { kind: 'file', path: '/b', size: 5 } },
  ]);
});

it('reports a directory that may not be looked into, never absence', () => {
  for (const subjects of [states('/root/x'), contents('/root/x')])
    expect(parseFiles(subjects, output('x\n'))).toMatchObject([
      { ok: false, error: expect.stringContaining('use become') },
    ]);
});

it('refuses contents that are longer or shorter than the sizes said', () => {
  const head = `ff\n${LINE(2)}\n${LINE(3)}\ncc\n=\n`;
  expect(parseFiles(contents('/a', '/b'), output(`${head}aabbb`))).toMatchObject([{ ok: true }, { ok: true }]);
  for (const body of ['aabb', 'aabbbb'])
    expect(() => parseFiles(contents('/a', '/b'), output(head + body))).toThrow('changed while it was read');
});

it('refuses an answer with another number of files than was asked for', () => {
  expect(() => parseFiles(contents('/a', '/b'), output(`ff\n${LINE(2)}\ncc\n=\naa`))).toThrow();
  expect(() => parseFiles(contents('/a'), output(`f\n${LINE(2)}\n${LINE(2)}\nc\n=\naa`))).toThrow();
});

it('gives each of many questions about one path its own answer', () => {
  const words = ['s/a', '0/a', '9/a'] as const;
  const expected = (realPath: string) => [
    { value: { kind: 'file', path: '/a' } },
    { value: { kind: 'too-large', path: '/a', realPath: '/a' } },
    { value: { kind: 'file', path: '/a', realPath, bytes: new Uint8Array(Buffer.from('aa')) } },
  ];
  const separately = `Ff1\n2:/b\n${LINE(2)}\n${LINE(2)}\n${LINE(2)}\nct\n=\naa`;
  expect(parseFiles(words, output(separately))).toMatchObject(expected('/b'));
  const together = `.\n${LINE(2)}\nc\n=\naa`;
  expect(parseFiles(words, output(together))).toMatchObject(expected('/a'));
});
