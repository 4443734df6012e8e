import { expect, it } from 'vitest';
import { throughShells } from '../../test/support/through-shells.ts';
import debug from './debug.ts';

throughShells('debug', (box) => {
  it('shows a message or the value of an expression', async () => {
    expect((await box.host.run(debug, { var: 'yes' })).values).toEqual({ yes: true });
    expect((await box.host.run(debug, { msg: ['a'] })).values).toEqual({ msg: ['a'] });
    expect((await box.host.run(debug, {})).values).toEqual({ msg: 'Hello world!' });
  });
});
