import { z } from 'zod';

const hexId = z
  .string()
  .regex(
    /^(0x)?[0-9a-f]{4}$/i,
    'must be four hexadecimal digits, in quotes where YAML would read a number: "0302", "1e30"',
  )
  .transform((id) => id.toLowerCase().replace(/^0x/, ''));

const absolute = z.string().startsWith('/', 'must be an absolute path');

/** Nova wants JSON strings here; YAML's `yes` arrives as a boolean. */
const yesNo = z
  .union([z.boolean(), z.enum(['yes', 'no'])])
  .transform((value) => (value === true || value === 'yes' ? 'yes' : 'no'));

const address = z.union([
  z.string().min(1),
  z.strictObject({
    domain: z.string().optional().describe('Regular expression for the domain'),
    bus: z.string().optional().describe('Regular expression for the bus'),
    slot: z.string().optional().describe('Regular expression for the slot'),
    function: z.string().optional().describe('Regular expression for the function'),
  }),
]);

const deviceSpec = z
  .looseObject({
    vendor_id: hexId.optional().describe('PCI vendor id, as `lspci -nn` prints it first'),
    product_id: hexId.optional().describe('PCI device id, as `lspci -nn` prints it second'),
    address: address.optional().describe('PCI address, glob (`0000:88:*.0`), or regular expressions by field'),
    devname: z.string().optional().describe('Network device name; excludes address'),
    physical_network: z.string().nullable().optional().describe('Neutron physical network'),
    trusted: z.string().optional().describe('`"true"` for trusted virtual functions'),
    remote_managed: z.string().optional().describe('`"true"` for functions of a DPU'),
    managed: yesNo.optional().describe('`no` leaves binding the driver to the host (2025.1 and later)'),
    live_migratable: yesNo.optional().describe('Only `yes` makes sense; the alias must say so too (2025.1 and later)'),
    one_time_use: yesNo.optional().describe('Give each device out once (2025.2 and later, needs report_in_placement)'),
    resource_class: z.string().optional().describe('Placement resource class'),
    traits: z.string().optional().describe('Placement traits, comma-separated'),
  })
  .describe('One `[pci] device_spec` entry');

const alias = z
  .strictObject({
    name: z.string().min(1).max(256).describe('What flavors ask for: `pci_passthrough:alias=name:count`'),
    vendor_id: hexId.optional().describe('PCI vendor id'),
    product_id: hexId.optional().describe('PCI device id'),
    device_type: z
      .enum(['type-PCI', 'type-PF', 'type-VF'])
      .optional()
      .describe('Cards with SR-IOV, most data-centre GPUs, are `type-PF`'),
    numa_policy: z
      .enum(['required', 'legacy', 'preferred', 'socket'])
      .optional()
      .describe('How strictly guest and device share a NUMA node'),
    resource_class: z.string().optional().describe('Placement resource class'),
    traits: z.string().optional().describe('Placement traits, comma-separated'),
    live_migratable: yesNo.optional().describe('`yes` needs the same in device_spec (2025.1 and later)'),
  })
  .describe('One `[pci] alias` entry');

const GOALS =
  '`exactly` these entries and no other in any file, or at least these (`contains`), or none that agrees with these (`absent`)';

function goal<Item extends z.ZodType, Pattern extends z.ZodType>(item: Item, pattern: Pattern) {
  return z
    .strictObject({
      exactly: z
        .array(item)
        .optional()
        .describe('The whole effective list, in this order; refused while another file adds to it'),
      contains: z
        .array(item)
        .optional()
        .describe('Entries that must be there; an entry for the same name or device is replaced'),
      absent: z.array(pattern).optional().describe('Entries to remove: those that agree with all keys given'),
    })
    .refine(
      (one) => one.exactly === undefined || (one.contains === undefined && one.absent === undefined),
      '`exactly` excludes `contains` and `absent`',
    )
    .refine((one) => Object.values(one).some((list) => list !== undefined), `needs ${GOALS}`);
}

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.union([z.string(), z.number()]))]);

export const novaConfArgs = z.strictObject({
  path: absolute.default('/etc/nova/nova.conf').describe('File that gets new lines'),
  create: z
    .boolean()
    .default(false)
    .describe('Create `path` (0640 root:nova) when it does not exist, e.g. a file of its own in nova.conf.d'),
  service: z
    .string()
    .optional()
    .describe('systemd unit whose configuration files count, e.g. `nova-compute`; they are read from its command line'),
  files: z.array(absolute).optional().describe('Files the service reads, in order; instead of finding them out'),
  config_dirs: z.array(absolute).optional().describe('Directories whose `*.conf` it reads after `files`'),
  also_edit: z.array(absolute).default([]).describe('Further files this task may change'),
  release: z
    .string()
    .default('auto')
    .describe(
      'Nova release: `2025.1`, `zed`, `31`; `auto` asks the package database, Python metadata, then nova-manage',
    ),
  pci: z
    .strictObject({
      device_spec: goal(deviceSpec, deviceSpec).optional().describe(`Devices a compute gives to Nova: ${GOALS}`),
      alias: goal(alias, alias.partial()).optional().describe(`Names for devices, on API and compute hosts: ${GOALS}`),
    })
    .default({})
    .describe('PCI passthrough'),
  scheduler: z
    .strictObject({
      filters: z
        .strictObject({
          contains: z
            .array(z.string())
            .default([])
            .describe('Filters to add to the effective list, or to the default of the release'),
          without: z.array(z.string()).default([]).describe('Filters to take out of it'),
        })
        .describe('`[filter_scheduler] enabled_filters`; filters the release no longer has are taken out'),
    })
    .optional()
    .describe('Scheduler filters'),
  options: z
    .record(z.string(), z.record(z.string(), scalar))
    .default({})
    .describe(
      'Any other option by section: a value, a list for one of which Nova takes every line (`reserved_huge_pages`), or null to remove it; quote numbers that YAML would change; `$x` stands for the option x, `$$` for a dollar',
    ),
  migrate_legacy: z
    .boolean()
    .default(true)
    .describe('Move options that Nova renamed to their present names in the same write'),
  restart: z
    .array(z.string())
    .default([])
    .describe('Units to restart after a change, and when they run with older configuration'),
  restart_if_present: z.array(z.string()).default([]).describe('The same for units a host may not have'),
  settle: z.number().min(0).max(600).default(5).describe('Seconds a restarted unit must stay active'),
  cross_check: z
    .boolean()
    .default(true)
    .describe(
      'Refuse entries of `device_spec` that match no PCI function of the host, and aliases whose type fits none of theirs',
    ),
  extra_tags: z.array(z.string()).default([]).describe('Keys of device_spec that are meant as free tags'),
  accept_one_way: z
    .boolean()
    .default(false)
    .describe('Allow turning on `[pci] report_in_placement`, which cannot be turned off again'),
  backup: z.boolean().default(false).describe('Keep a copy of a changed file beside it'),
});

export type NovaConfArgs = z.infer<typeof novaConfArgs>;

const IDS = [
  'vendor_id',
  'product_id',
  'address',
  'address.*',
  'traits',
  'resource_class',
  'name',
  'trusted',
  'remote_managed',
];

/** YAML would turn 0302 into 194 and 1e30 into a huge number. */
export const novaConfTextArgs: readonly string[] = [
  'release',
  ...['device_spec', 'alias'].flatMap((option) =>
    ['exactly', 'contains', 'absent'].flatMap((mode) => IDS.map((key) => `pci.${option}.${mode}.*.${key}`)),
  ),
];
