import { expect, it } from 'vitest';
import { throughShells } from '../../test/support/through-shells.ts';
import fail from './fail.ts';

throughShells('fail', (box) => {
  it('fails with the message', async () => {
    await expect(box.host.run(fail, { msg: 'because' })).rejects.toThrow('because');
    await expect(box.host.run(fail, {})).rejects.toThrow('Failed as requested from task');
  });
});
