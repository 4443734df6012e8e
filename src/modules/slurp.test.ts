import { writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { throughShells } from '../../test/support/through-shells.ts';
import slurp from './slurp.ts';

throughShells('slurp', (box) => {
  it('gives the bytes in base64, of kernel files too', async () => {
    writeFileSync(box.at('f'), 'abc');
    expect((await box.host.run(slurp, { src: box.at('f') })).values).toMatchObject({
      content: 'YWJj',
      encoding: 'base64',
    });
    const kernel = await box.host.run(slurp, { src: '/proc/sys/kernel/ostype' });
    expect(kernel.values).toMatchObject({ content: Buffer.from('Linux\n').toString('base64') });
    await expect(box.host.run(slurp, { src: box.at('none') })).rejects.toThrow('does not exist');
  });
});
