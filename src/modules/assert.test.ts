import { expect, it } from 'vitest';
import { throughShells } from '../../test/support/through-shells.ts';
import assertModule from './assert.ts';

throughShells('assert', (box) => {
  it('passes when all are true, and names the first that is not', async () => {
    expect((await box.host.run(assertModule, { that: ['yes', true] })).values).toEqual({
      msg: 'All assertions passed',
    });
    await expect(box.host.run(assertModule, { that: ['yes', 'no'], fail_msg: 'too small' })).rejects.toThrow(
      'too small: no',
    );
    await expect(box.host.run(assertModule, { that: 'no', fail_msg: 'too small' })).rejects.toMatchObject({
      detail: { msg: 'too small', assertion: 'no' },
    });
  });
});
