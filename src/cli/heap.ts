import { setFlagsFromString } from 'node:v8';

/** Hosts from where on memory counts for more than the tenth of the time that collecting early costs. */
const LARGE_FLEET = 100;

/**
 * Hundreds of hosts make much garbage and little that lasts, and V8 would rather grow than collect: 200 hosts took 400 MB
 * where 160 do. Both flags are heuristics that V8 reads each time it sizes a space.
 */
export function fitHeapTo(hosts: number): void {
  if (hosts < LARGE_FLEET) return;
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--heap-growing-percent=40');
}
