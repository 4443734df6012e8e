import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe } from 'vitest';
import { type HostUnderTest, hostUnderTest } from './run-module.ts';

/** A directory of its own for every test, and this machine through one shell. Mutable: filled in before each test. */
export interface Box {
  host: HostUnderTest;
  root: string;
  at(name: string): string;
}

const SHELLS = [
  ['dash', ['dash']],
  ['busybox ash', ['busybox', 'ash']],
] as const;

const controller = {
  read: (src: string) => Promise.resolve(Buffer.from(`content of ${src}`)),
  render: (src: string) => Promise.resolve(`rendered ${src}\n`),
  mode: () => Promise.resolve(0o750),
  list: (src: string) => Promise.resolve(src.startsWith('tree') ? ['a', 'sub/b'] : null),
  vars: (src: string) => Promise.resolve({ from: src }),
};

/** Runs the same tests through each shell that targets have. The expression `yes` is true, any other false. */
export function throughShells(title: string, tests: (box: Box) => void): void {
  describe.each(SHELLS)(`${title} through %s`, (_, shell) => {
    const box = { root: '', at: (name: string) => join(box.root, name) } as Box;
    beforeAll(async () => {
      box.host = await hostUnderTest({
        shell,
        controller,
        environment: { FROM_TASK: 'yes' },
        evaluate: (text) => text === 'yes',
      });
    });
    beforeEach(() => {
      box.root = mkdtempSync(join(tmpdir(), 'box-'));
    });
    afterEach(() => rmSync(box.root, { recursive: true }));
    afterAll(() => box.host.close());
    tests(box);
  });
}
