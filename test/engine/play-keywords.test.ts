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

  it('falls back to its default where they do not', async () => {
    expect(await batches(inventory('{}'))).toEqual([]);
  });
});
