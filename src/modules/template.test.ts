import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { throughShells } from '../../test/support/through-shells.ts';
import template from './template.ts';

throughShells('template', (box) => {
  it('template writes what the controller rendered', async () => {
    expect((await box.host.run(template, { src: 'nova.conf.j2', dest: box.at('nova.conf') })).remaining).toEqual([]);
    expect(readFileSync(box.at('nova.conf'), 'utf8')).toBe('rendered nova.conf.j2\n');
  });
});
