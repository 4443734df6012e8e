import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TaskError } from '../../src/contract/task-error.ts';
import { type NovaConfArgs, novaConfArgs } from '../../src/modules/nova/args.ts';
import { decide } from '../../src/modules/nova/decide.ts';
import { literalOf, writeJson } from '../../src/modules/nova/oslo-json.ts';
import { osloText, textOf } from '../../src/modules/nova/oslo-text.ts';
import { plausibleText } from './config-texts.ts';
import { expectMeant } from './expect-meant.ts';
import { type Judge, overwrite, reading, startJudge, written } from './judge.ts';
import { wantedArgs } from './wanted-args.ts';

const ZED = 26;
const RUNS = process.env.TSPLAY_TEST_ALL === '1' ? 800 : 80;
const NAMES = ['nova.conf', 'nova-compute.conf', 'd/20.conf'] as const;
let judge: Judge;
beforeAll(() => {
  judge = startJudge();
});
afterAll(() => judge.close());

type Texts = readonly string[];

/** The files as we would write them; undefined when we refuse. */
function decided(args: NovaConfArgs, texts: Texts): Texts | undefined {
  const set = {
    texts: texts.map((text, index) => osloText(`/${NAMES[index]}`, text)),
    path: args.path,
    editable: new Set([args.path, ...args.also_edit]),
  };
  try {
    return decide(args, { set, release: ZED }).set.texts.map(textOf);
  } catch (error) {
    if (error instanceof TaskError) return undefined;
    throw error;
  }
}

describe('what we write', () => {
  it('is read by Nova as meant, and everything not asked for as before', { timeout: 900_000 }, async () => {
    const folder = written({});
    const ask = (texts: Texts) => {
      overwrite(folder, Object.fromEntries(NAMES.map((name, index) => [name, texts[index] ?? ''])));
      const files = NAMES.slice(0, 2).map((name) => `${folder}/${name}`);
      return judge.ask({ words: reading(files, [`${folder}/d`]), also: ['values', 'assigned', 'mdevs'] });
    };
    let judged = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(plausibleText, plausibleText, plausibleText),
        wantedArgs,
        fc.subarray(NAMES.slice(1)),
        async (texts, wanted, also) => {
          const paths = { path: '/nova.conf', also_edit: also.map((name) => `/${name}`) };
          const args = novaConfArgs.parse({ ...wanted, ...paths, release: 'zed', cross_check: false });
          const after = decided(args, texts);
          if (!after) return;
          judged += 1;
          expect(decided(args, after), 'a second decision changes nothing').toEqual(after);
          expectMeant(args, await ask(texts), await ask(after));
        },
      ),
      { numRuns: RUNS },
    );
    expect(judged).toBeGreaterThan(RUNS / 5);
  });
});

it('JSON with any character comes back through oslo.config as it was', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue()), (json) => {
      const text = literalOf(writeJson(json));
      expect(text && JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(json)));
    }),
  );
});
