import { expect, it } from 'vitest';
import { throughShells } from '../../test/support/through-shells.ts';
import setFact from './set_fact.ts';

throughShells('set_fact', (box) => {
  it('keeps the types of its values, and refuses what is no variable name', async () => {
    expect((await box.host.run(setFact, { a: [1], cacheable: true })).values).toEqual({ ansible_facts: { a: [1] } });
    expect(setFact.args.safeParse({ 'a b': 1 }).success).toBe(false);
    expect(setFact.args.safeParse({}).success).toBe(false);
  });
});
