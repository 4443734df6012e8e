import { z } from 'zod';
import type { GpuWish } from './gpu-cards.ts';
import { isSelector, parseSelector } from './pci-selector.ts';

const selector = z.union([
  z.string().refine(isSelector, 'must be a PCI address (0000:88:00.0) or vendor:device (10de:20f1)'),
  z.strictObject({
    class: z.string().describe('Beginning of the class code: `0302` 3D controllers.'),
    vendor: z.string().optional().describe('Vendor id: `10de`.'),
  }),
]);

/** The variables `gpu_devices` and `gpu_exclude` of the role gpu-host. */
export const gpuWishArgs = z.strictObject({
  devices: z
    .union([z.literal('auto'), z.array(selector)])
    .default('auto')
    .describe(
      'GPUs meant for guests, for the fact `gpu_cards`: addresses, vendor:device, or class and vendor; `auto` is every GPU but the console, those shared by SR-IOV and those behind an NVSwitch.',
    ),
  exclude: z.array(selector).default([]).describe('GPUs that stay with the host, named in the same ways.'),
});

export const gpuWishTextArgs: readonly string[] = [
  'devices.*',
  'exclude.*',
  'devices.*.class',
  'devices.*.vendor',
  'exclude.*.class',
  'exclude.*.vendor',
];

export function wishOf({ devices, exclude }: z.infer<typeof gpuWishArgs>): GpuWish {
  return {
    devices: devices === 'auto' ? devices : devices.map(parseSelector),
    exclude: exclude.map(parseSelector),
  };
}
