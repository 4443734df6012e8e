import { expect, it } from 'vitest';
import { throughShells } from '../../test/support/through-shells.ts';
import shell from './shell.ts';

throughShells('shell', (box) => {
  it('shell runs pipes', async () => {
    const { values } = await box.host.run(shell, { cmd: 'printf "b\\na\\n" | sort; exit 2' });
    expect(values).toMatchObject({ rc: 2, stdout: 'a\nb' });
  });
});
