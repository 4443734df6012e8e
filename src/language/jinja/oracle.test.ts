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
const { madeWith, cases, vars: captured } = JSON.parse(readFileSync(file, 'utf8')) as Captured;
const compiler = createCompiler(standardEnvironment());

/** Templates may change lists, so every case gets variables of its own. */
function outcome(source: string): Omit<Case, 'source'> {
  const vars = structuredClone(captured);
  try {
    return {
      text: compiler
        .templateFile(source)
        .render({ lookup: (name) => (Object.hasOwn(vars, name) ? vars[name] : undefined) }),
    };
  } catch (error) {
    return { error: error instanceof UndefinedError ? 'undefined' : 'other' };
  }
}

/** Where tsplay differs on purpose. */
const DIFFERENT: ReadonlyMap<string, Omit<Case, 'source'>> = new Map<string, Omit<Case, 'source'>>([
  // Keys that Python finds equal stay apart here.
  ["{{ {1: 'a', 2.5: 'b', true: 'c'} }}", { text: "{1: 'a', 2.5: 'b', True: 'c'}" }],
  ['{{ {1: 2, none: 3, true: 4} | to_json }}', { text: '{"1": 2, "null": 3, "true": 4}' }],
  // An undefined value is reported as one, with its name and place.
  ['{{ missing | mandatory }}', { error: 'undefined' }],
  // Format fields reach keys with a point too.
  ["{{ '{a} {b[0]} {c.d}'.format(a=1, b=[2], c={'d': 3}) }}", { text: '1 2 3' }],
  // Methods are checked while compiling; Python's own attributes do not exist.
  ['{{ s.nope() }}', { error: 'other' }],
  ['{{ s.__class__ }}', { error: 'undefined' }],
  ["{{ d.__class__ | default('safe') }}", { text: 'safe' }],
  // The collection prefix is accepted for Jinja2's own filters as well.
  ["{{ 'x' | ansible.builtin.upper }}", { text: 'X' }],
  // From newer releases of ansible-core.
  ["{{ 'abcabc' | regex_replace('b', 'X', count=1) }}", { text: 'aXcabc' }],
]);

describe(`renders as ${madeWith}`, () => {
  it.for(cases)('$source', ({ source, ...expected }) => {
    expect(outcome(source)).toEqual(DIFFERENT.get(source) ?? expected);
  });
});
