import { expect, it } from 'vitest';
import { throughShells } from '../../test/support/through-shells.ts';
import ping from './ping.ts';

throughShells('ping', (box) => {
  it('answers when the host runs commands', async () => {
    expect((await box.host.run(ping, {})).values).toEqual({ ping: 'pong' });
  });
});
