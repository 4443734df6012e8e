import { z } from 'zod';
import { hostPath } from '../fields.ts';
import { ALIAS_PROPERTY, aliasFault } from './flavor-aliases.ts';
import { connectionArgs, hasOneSource } from './connection-args.ts';

const amount = z.number().int().min(0).max(2_147_483_647);

/** Nova's own patterns: `api/openstack/compute/schemas/flavor_manage.py`, `api/validation/parameter_types.py`. */
const properties = z
  .record(
    z.string().regex(/^[\w.: -]{1,255}$/, 'must be 1 to 255 letters, digits, blanks or any of - _ : .'),
    z.string().max(255).nullable(),
  )
  .superRefine((given, context) => {
    const asked = given[ALIAS_PROPERTY] ?? undefined;
    const fault = asked === undefined ? undefined : aliasFault(asked);
    if (fault) context.addIssue({ code: 'custom', path: [ALIAS_PROPERTY], message: fault });
  });

export const flavorArgs = z
  .strictObject({
    name: z
      .string()
      .min(1)
      .max(255)
      .regex(/^\S(.*\S)?$/, 'cannot begin or end with a blank')
      .describe('Name of the flavor'),
    state: z.enum(['present', 'absent']).default('present').describe('Whether there shall be such a flavor'),
    id: z
      .string()
      .regex(/^(?! )[\w. -]{1,255}(?<! )$/, 'must be letters, digits, blanks or any of - _ .')
      .optional()
      .describe('Id for a new flavor; absent: a UUID made from the name, so that every region gets the same'),
    vcpus: amount.min(1).optional().describe('Virtual CPUs; needed to create the flavor'),
    ram: amount.min(1).optional().describe('Memory in MiB; needed to create the flavor'),
    disk: amount.optional().describe('Root disk in GiB; 0, the default of a new flavor, takes the size of the image'),
    ephemeral: amount.optional().describe('Second disk in GiB'),
    swap: amount.optional().describe('Swap in MiB'),
    is_public: z.boolean().optional().describe('Every project may use it, the default of a new flavor'),
    properties: properties
      .default({})
      .describe('Extra specs, such as `pci_passthrough:alias: "a100:1"`; null takes one away, those not named stay'),
    exactly: z.boolean().default(false).describe('Take away every extra spec that `properties` does not name'),
    replace: z
      .boolean()
      .default(false)
      .describe(
        'Delete and create the flavor where something differs that Nova cannot change: id, vcpus, ram, disks, is_public',
      ),
    pci_aliases: z
      .array(z.string())
      .optional()
      .describe('Names a flavor may ask for with `pci_passthrough:alias`; absent: those nova.conf of the host defines'),
    nova_conf: hostPath.default('/etc/nova/nova.conf').describe('Where nova-api of this host has its configuration'),
    ...connectionArgs,
  })
  .refine(hasOneSource, '`cloud`, `auth` and `openrc` exclude each other');

export type FlavorArgs = z.output<typeof flavorArgs>;
