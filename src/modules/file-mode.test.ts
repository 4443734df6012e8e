import { describe, expect, it } from 'vitest';
import { modeAfter, parseFileMode } from './file-mode.ts';

describe('a file mode', () => {
  it.each([
    ['0644', 0o644],
    ['644', 0o644],
    ['0o600', 0o600],
    ['1777', 0o1777],
    [420, 0o644],
    [0o600, 0o600],
    [0o755, 0o755],
    [0o440, 0o440],
  ])('%s is read as octal', (text, bits) => {
    expect(modeAfter(parseFileMode(text), 0, 'file')).toBe(bits);
  });

  it.each([644, 755, 600, 640, 777, 400, 0, -1, 1.5])('the number %s is refused with the form to write', (number) => {
    expect(() => parseFileMode(number)).toThrow('in quotes');
  });

  it.each(['0999', 'u=z', '', 'rw', '12345', 'u=rw;g=r'])('%j is refused', (text) => {
    expect(() => parseFileMode(text)).toThrow('is no file mode');
  });

  // Expected values come from chmod(1) of coreutils 9.1.
  it.each([
    ['u=rw,g=r,o=', 0o777, 'file', 0o640],
    ['u+x', 0o644, 'file', 0o744],
    ['a-w', 0o666, 'file', 0o444],
    ['g=u', 0o640, 'file', 0o660],
    ['u=rwX,go=rX', 0o600, 'file', 0o644],
    ['u=rwX,go=rX', 0o600, 'directory', 0o755],
    ['u=rwX,go=rX', 0o700, 'file', 0o755],
    ['u+s', 0o755, 'file', 0o4755],
    ['+t', 0o777, 'directory', 0o1777],
    ['u+rw-x', 0o100, 'file', 0o600],
    ['u=rwx', 0o2070, 'directory', 0o2770],
  ] as const)('%s on %i of a %s', (clauses, before, kind, expected) => {
    expect(modeAfter(parseFileMode(clauses), before, kind)).toBe(expected);
  });
});
