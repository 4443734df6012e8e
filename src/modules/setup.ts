import { z } from 'zod';
import { defineModule } from '../contract/module.ts';
import { hostFacts } from '../probes/facts.ts';

const args = z.strictObject({
  gather_subset: z
    .array(z.string())
    .default(['all'])
    .describe('Accepted for compatibility: all facts come in one command'),
  gather_timeout: z
    .number()
    .optional()
    .describe('Accepted for compatibility: no single fact may take longer than 3 seconds'),
  filter: z.array(z.string()).default([]).describe('Shell patterns of the facts to keep: ansible_mem*'),
});

export default defineModule<z.output<typeof args>, Readonly<Record<string, unknown>>>({
  name: 'setup',
  aliases: ['gather_facts'],
  summary: 'Gather facts about the host',
  description:
    'Facts have Ansible’s names: distribution, os_family, kernel, architecture, hostname, fqdn, memory, processors, default_ipv4, default_ipv6, every network interface under its own name, dns, mounts, pkg_mgr, service_mgr, virtualization, date_time, cmdline. Not there: devices, lvm, local facts of /etc/ansible/facts.d, SSH host keys and Python. No Python is needed on the host.',
  args,
  observe: (_, read) => read(hostFacts()),
  plan: () => [],
  result: ({ filter }, facts) => ({
    ansible_facts: Object.fromEntries(Object.entries(facts).filter(([name]) => isWanted(name, filter))),
  }),
  examples: [{ title: 'Memory only', task: 'setup:\n  filter: [ansible_mem*]' }],
});

function isWanted(name: string, patterns: readonly string[]): boolean {
  if (patterns.length === 0) return true;
  const bare = name.replace(/^ansible_/, '');
  return patterns.some((pattern) => {
    const expression = new RegExp(
      `^${pattern
        .replace(/[\\^$.+()[\]{}|]/g, '\\$&')
        .replaceAll('*', '.*')
        .replaceAll('?', '.')}$`,
    );
    return expression.test(name) || expression.test(bare);
  });
}
