import type { ModuleExample } from '../../contract/module.ts';

export const NOVA_CONF_EXAMPLES: readonly ModuleExample[] = [
  {
    title: 'Give two GPUs of a compute to Nova, and nothing else',
    task: `name: GPUs for instances
nova-conf:
  service: nova-compute
  pci:
    device_spec:
      exactly:
        - {vendor_id: 10de, product_id: 11b4, address: "0000:84:00.0"}
        - {vendor_id: 10de, product_id: 11b4, address: "0000:88:00.0"}
    alias:
      contains:
        - {name: K4200, vendor_id: 10de, product_id: 11b4, device_type: type-PCI}
  restart: [nova-compute]`,
  },
  {
    title: 'Aliases and filters on a controller',
    task: `name: let flavors ask for GPUs
nova-conf:
  service: nova-scheduler
  pci:
    alias:
      contains:
        - {name: a100, vendor_id: 10de, product_id: "20f1", device_type: type-PF}
      absent:
        - {name: K4200}
  scheduler:
    filters:
      contains: [PciPassthroughFilter, NUMATopologyFilter]
  restart: [nova-scheduler]
  restart_if_present: [nova-api, nova-conductor]`,
  },
  {
    title: 'Only move renamed options to their present names',
    task: `name: clean up after an upgrade
nova-conf:
  release: "2025.1"
  options:
    compute: {cpu_dedicated_set: 4-31}
    DEFAULT: {vcpu_pin_set: null}`,
  },
];
