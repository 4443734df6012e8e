import { z } from 'zod';
import { gpuWishArgs } from '../gpu/wish-args.ts';

const flavor = z.looseObject({
  name: z.coerce.string(),
  alias: z.coerce.string(),
  gpus: z.union([z.number(), z.string()]).default(1),
});

/** Variables of the roles gpu-host and nova-controller, as far as they say what should be. */
export const doctorArgs = gpuWishArgs.extend({
  groups: z.array(z.string()).default([]),
  gpu_required: z.boolean().default(true),
  release: z.coerce.string().default('auto'),
  compute_conf: z.string().startsWith('/').default('/etc/nova/nova.conf'),
  controller_conf: z.string().startsWith('/').default('/etc/nova/nova.conf'),
  controller_units: z.array(z.string()).default([]),
  flavors: z.array(flavor).default([]),
  cloud: z.string().default(''),
  openrc: z.string().default(''),
  os_environment: z.record(z.string(), z.string()).default({}),
});

export type DoctorArgs = z.infer<typeof doctorArgs>;

/** The arguments as templates over each host's variables, with the roles' own defaults. */
export const DOCTOR_TEMPLATES: Readonly<Record<Exclude<keyof DoctorArgs, 'os_environment'>, string>> = {
  devices: "{{ gpu_devices | default('auto') }}",
  exclude: '{{ gpu_exclude | default([]) }}',
  groups: '{{ group_names }}',
  gpu_required: '{{ gpu_required | default(true) }}',
  release: "{{ nova_release | default('auto') }}",
  compute_conf: "{{ gpu_nova_conf | default('/etc/nova/nova.conf') }}",
  controller_conf: "{{ nova_controller_conf | default('/etc/nova/nova.conf') }}",
  controller_units: '{{ nova_controller_units | default([]) }}',
  flavors: '{{ nova_gpu_flavors | default([]) }}',
  cloud: "{{ nova_flavor_cloud | default('') }}",
  openrc: "{{ nova_flavor_openrc | default('') }}",
};
