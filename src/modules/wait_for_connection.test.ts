import { expect, it } from 'vitest';
import { throughShells } from '../../test/support/through-shells.ts';
import waitForConnection from './wait_for_connection.ts';

throughShells('wait_for_connection', (box) => {
  it('connects again and tells how long it took', async () => {
    expect((await box.host.run(waitForConnection, { timeout: 5 })).values).toEqual({ elapsed: 0 });
  });

  it('does not wait in check mode', async () => {
    await expect(box.host.check(waitForConnection, {})).rejects.toThrow('check mode does not wait');
  });
});
