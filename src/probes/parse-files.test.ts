import { expect, it } from 'vitest';
import { parseContents, parseStates } from './parse-files.ts';

function output(stdout: string, stderr = '') {
  return { code: 0, stdout: Buffer.from(stdout), stderr: Buffer.from(stderr), truncated: false };
}

const LINE = (size: number): string =>
  `${size}|81a4|0|0|1|1795333507|65024:2146476:${size}:2026-11-22 07:45:07.426709567 +0000:x|root|root`;

it('says that a host’s stat is another one, instead of taking every file for absent', () => {
  const readings = parseStates(['/a', '/b'], output('10\n!\n-\n=\n', 'stat: unrecognized option: c\n'));
  expect(readings).toMatchObject([
    { ok: false, error: expect.stringMatching(/does not understand -c.*unrecognized option/) },
    { ok: true, value: { kind: 'absent' } },
  ]);
});

it('takes a file that vanished in between for absent, and keeps the others', () => {
  const readings = parseStates(
    ['/a', '/b'],
    output(`11\n${LINE(5)}\n!\n-\n${LINE(5)}\n=\n`, "stat: cannot statx '/a': No such file or directory\n"),
  );
  expect(readings).toMatchObject([
    { ok: true, value: { kind: 'absent', path: '/a' } },
    { ok: true, value: { kind: 'file', path: '/b', size: 5 } },
  ]);
});

it('reports a directory that may not be looked into, never absence', () => {
  expect(parseStates(['/root/x'], output('x\n'))).toMatchObject([
    { ok: false, error: expect.stringContaining('use become') },
  ]);
});

it('refuses contents that are longer or shorter than the sizes said', () => {
  const head = `f\nf\n${LINE(2)}\n${LINE(3)}\ncc\n`;
  expect(parseContents(['/a', '/b'], output(`${head}aabbb`))).toMatchObject([{ ok: true }, { ok: true }]);
  for (const body of ['aabb', 'aabbbb'])
    expect(() => parseContents(['/a', '/b'], output(head + body))).toThrow('changed while it was read');
});
