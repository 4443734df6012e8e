import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createCompiler } from './compile.ts';
import { standardEnvironment } from './environment.ts';
import { UndefinedError } from './types.ts';

interface Case {
  readonly source: string;
  readonly text?: string;
  readonly error?: 'undefined' | 'other';
}

interface Captured {
  readonly madeWith: string;
  readonly vars: Readonly<Record<string, unknown>>;
  readonly cases: readonly Case[];
}

const file = new URL('./fixtures/expected.json', import.meta.url);
const { madeWith, cases } = JSON.parse(readFileSync(file, 'utf8')) as Captured;
const compiler = createCompiler(standardEnvironment());

/** Templates may change lists, so every case gets variables of its own. */
function outcome(source: string): Omit<Case, 'source'> {
  const { vars } = JSON.parse(readFileSync(file, 'utf8')) as Captured;
  try {
    return { text: compiler.template(source).render({ lookup: (name) => (Object.hasOwn(vars, name) ? vars[name] : undefined) }) };
  } catch (error) {
    return { error: error instanceof UndefinedError ? 'undefined' : 'other' };
  }
}

/** Where tsplay differs on purpose. */
const DIFFERENT: ReadonlyMap<string, Omit<Case, 'source'>> = new Map([]);

describe(`renders as ${madeWith}`, () => {
  it.for(cases)('$source', ({ source, ...expected }) => {
    expect(outcome(source)).toEqual(DIFFERENT.get(source) ?? expected);
  });
});
