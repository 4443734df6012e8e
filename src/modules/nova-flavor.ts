import { defineModule, type TaskView } from '../contract/module.ts';
import type { Read } from '../contract/probe.ts';
import { computeApi } from './openstack/compute.ts';
import { ALIAS_PROPERTY, aliasesOfHost, type KnownAliases } from './openstack/flavor-aliases.ts';
import { type FlavorArgs, flavorArgs } from './openstack/flavor-args.ts';
import { idFromName } from './openstack/flavor-id.ts';
import { type FlavorCurrent, planFlavor } from './openstack/flavor-plan.ts';
import { readFlavor, readFlavors } from './openstack/flavors.ts';
import { readKept } from './openstack/replaced-flavor.ts';

export default defineModule<FlavorArgs, FlavorCurrent>({
  name: 'nova-flavor',
  summary: 'Keep a flavor of an OpenStack cloud, with its extra specs',
  description: `Asks Nova's API from the host, with curl or, where there is none, Python's own library; requests, tokens and
passwords travel by standard input. Credentials come from the arguments, an openrc file, the task's \`environment:\`, or the
host's clouds.yaml with secure.yaml over it, found where openstacksdk finds them: the home directory, ~/.config/openstack,
/etc/openstack. \`delegate_to: localhost\` uses those of the machine that runs tsplay.

Nova can change the extra specs of a flavor, nothing else. Where something else differs the task is refused, unless
\`replace: true\` lets it delete and create the flavor, with its id, its extra specs, its projects and its description. While
that lasts all of the flavor stands in the description of a second one, \`NAME.being-replaced\`, which is private and open to
no project. A run that is interrupted leaves it behind, or fails because Nova refuses the new size; the next run of the task
puts back from there what the task does not name, and deletes it. Needs Nova's API 2.55 (Pike).

A flavor that asks for PCI devices under a name that nova-api does not know is refused: Nova would take the flavor and
answer 400 to every server made of it. The names come from \`pci_aliases\`, else from nova.conf of the host.

Sources: Compute API (flavors, extra specs, microversions to 2.86), Identity API v3, openstacksdk's configuration loader,
nova api/validation/extra_specs/pci_passthrough.py.`,
  args: flavorArgs,
  textArgs: ['name', 'id', 'cloud', 'region_name', 'pci_aliases.*'],
  observe,
  plan: planFlavor,
  result,
  examples: [
    {
      title: 'A flavor with one A100, credentials from /etc/openstack/clouds.yaml of the controller',
      task: 'nova-flavor:\n  cloud: admin\n  name: gpu.a100\n  vcpus: 8\n  ram: 65536\n  disk: 40\n  properties:\n    "pci_passthrough:alias": "a100:1"',
    },
    {
      title: 'Credentials from variables, asked from the machine that runs tsplay',
      task: 'nova-flavor:\n  name: gpu.t4\n  vcpus: 4\n  ram: 16384\n  pci_aliases: [t4]\n  properties: {"pci_passthrough:alias": "t4:1"}\ndelegate_to: localhost\nenvironment:\n  OS_CLOUD: production',
    },
    {
      title: 'No such flavor',
      task: 'nova-flavor:\n  name: gpu.k4200\n  state: absent\n  openrc: /root/admin-openrc.sh',
    },
  ],
});

async function observe(args: FlavorArgs, read: Read, task: TaskView): Promise<FlavorCurrent> {
  const [opened, aliases] = await Promise.all([computeApi(args, read, task), aliasesFor(args, read)]);
  const { api, flavors } = await readFlavors(opened, read);
  const listed = flavors.find(({ name }) => name === args.name);
  const [flavor, kept] = await Promise.all([
    readFlavor(api, listed, args.name, read),
    readKept(api, flavors, args.name, read),
  ]);
  const id = args.id ?? flavor?.id ?? kept?.id ?? idFromName(args.name);
  const holder = flavors.find((other) => other.id === id && other.name !== args.name);
  return { api, flavor, kept, holderOfId: holder?.name, ...(aliases && { aliases }) };
}

async function aliasesFor(
  { state, properties, pci_aliases, nova_conf }: FlavorArgs,
  read: Read,
): Promise<KnownAliases | undefined> {
  if (state === 'absent' || !properties[ALIAS_PROPERTY]) return undefined;
  if (pci_aliases) return { isKnown: true, names: pci_aliases, source: '`pci_aliases`' };
  return aliasesOfHost(nova_conf, read);
}

/** The flavor as it is then, and what a person should know. */
function result(_: FlavorArgs, { flavor, aliases, api }: FlavorCurrent): Readonly<Record<string, unknown>> {
  const isUnsure = aliases !== undefined && !aliases.isKnown;
  return {
    flavor: flavor ? { ...flavor, is_public: flavor.isPublic } : null,
    endpoint: api.url,
    notes: isUnsure ? [`whether nova-api knows the PCI aliases asked for was not checked: ${aliases.why}`] : [],
  };
}
