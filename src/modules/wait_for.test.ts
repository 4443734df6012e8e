import { writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { throughShells } from '../../test/support/through-shells.ts';
import waitFor from './wait_for.ts';

throughShells('wait_for', (box) => {
  it('wait_for finds a file and gives up on one that never comes', async () => {
    writeFileSync(box.at('log'), 'starting\nready to serve\n');
    expect((await box.host.run(waitFor, { path: box.at('log'), search_regex: '^ready' })).values).toMatchObject({
      state: 'started',
    });
    await expect(box.host.run(waitFor, { path: box.at('none'), timeout: 0.2, sleep: 0.1 })).rejects.toThrow(
      'was not started after 0.2 s',
    );
    await expect(box.host.run(waitFor, { port: 1, timeout: 0.2, sleep: 0.1 })).rejects.toThrow('port 1 of 127.0.0.1');
  });
});
