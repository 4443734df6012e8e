import { z } from 'zod';
import type { GpuWish } from './gpu-cards.ts';
import { isSelector, parseSelector } from './pci-selector.ts';

const selector = z.union([
  z.string().refine(isSelector, 'must be a PCI address (0000:88:00.0) or vendor:device (10de:20f1)'),
  z.strictObject({ class: z.string(), vendor: z.string().optional() }),
]);

/** The variables `gpu_devices` and `gpu_exclude` of the role gpu-host. */
export const gpuWishArgs = z.strictObject({
  devices: z.union([z.literal('auto'), z.array(selector)]).default('auto'),
  exclude: z.array(selector).default([]),
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
