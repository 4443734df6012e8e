import { hostname } from 'node:os';
import { expect, it } from 'vitest';
import { throughShells } from '../../test/support/through-shells.ts';
import setup from './setup.ts';

throughShells('setup', (box) => {
  it('setup tells the facts playbooks ask for', async () => {
    const facts = (await box.host.run(setup, {})).values['ansible_facts'] as Readonly<Record<string, unknown>>;
    expect(facts).toMatchObject({
      ansible_system: 'Linux',
      ansible_hostname: hostname().split('.')[0],
      ansible_architecture: expect.stringMatching(/^\w+$/),
      ansible_distribution: expect.stringMatching(/^[A-Z]/),
      ansible_os_family: expect.any(String),
      ansible_memtotal_mb: expect.any(Number),
      ansible_user_id: expect.any(String),
      ansible_user_dir: expect.stringMatching(/^\//),
      ansible_lo: { device: 'lo', type: 'loopback', mtu: 65_536 },
      ansible_date_time: { epoch: expect.stringMatching(/^\d+$/), year: expect.stringMatching(/^\d{4}$/) },
    });
    expect(Number(facts['ansible_processor_vcpus'])).toBeGreaterThan(0);
    expect((await box.host.run(setup, { filter: ['mem*'] })).values['ansible_facts']).not.toHaveProperty(
      'ansible_system',
    );
  });
});
