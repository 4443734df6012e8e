import { join } from 'node:path';
import { run } from '../../lab/lab-fixture.ts';
import type { Fleet } from './fleet.ts';

const MAIN = join(import.meta.dirname, '../../../src/cli/main.ts');

export interface VerbOutcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A verb of the command line as a program of its own, with the fleet's inventory. */
export function verb(fleet: Fleet, name: string, ...words: readonly string[]): Promise<VerbOutcome> {
  return run([process.execPath, MAIN, name, ...words, '-i', fleet.inventory]);
}
