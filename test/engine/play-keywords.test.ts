import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { play, workspace } from '../support/play.ts';

const SITE = `- hosts: fleet
  gather_facts: false
  serial: "{{ most_down | default(3) }}"
  tasks:
    - debug: {msg: here}
`;
const inventory = (vars: string) =>
  `fleet:\n  hosts: {a: ${vars}, b: ${vars}, c: {most_down: 1}}\n  vars: {most_down: 2}\n`;

async function batches(hosts: string): Promise<readonly number[]> {
  const directory = workspace({ 'site.yaml': SITE, 'inventory.yaml': hosts });
  const played = await play(join(directory, 'site.yaml'), {
    inventory: [join(directory, 'inventory.yaml')],
    connection: 'local',
  });
  expect(played.exitCode).toBe(0);
  return played.events.flatMap((event) => (event.type === 'batch.started' ? [event.hosts.length] : []));
}

describe('serial', () => {
  it('is taken from the inventory where all hosts of the play agree', async () => {
    expect(await batches(inventory('{most_down: 1}'))).toEqual([1, 1, 1]);
  });

  it('is not guessed where they disagree: no host is touched', async () => {
    const directory = workspace({ 'site.yaml': SITE, 'inventory.yaml': inventory('{}') });
    const played = await play(join(directory, 'site.yaml'), {
      inventory: [join(directory, 'inventory.yaml')],
      connection: 'local',
    });
    expect(played.exitCode).toBe(1);
    expect(played.log).toEqual([]);
    const notices = played.events.flatMap((event) => (event.type === 'notice' ? [event.text] : []));
    expect(notices.join()).toMatch(/needs one value of most_down, and its hosts disagree \(a: 2, b: 2, c: 1\)/);
  });

  it('has its default where no host says anything', async () => {
    expect(await batches('fleet:\n  hosts: {a: {}, b: {}, c: {}, d: {}}\n')).toEqual([3, 1]);
  });
});
