import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** What others go on from comes first, what takes long last: if time runs out, the most is known. Else by name. */
function rank(file: string): number {
  if (file.endsWith('.long.machine.test.ts')) return 3;
  if (file.endsWith('/main-path.machine.test.ts')) return 1;
  return file.includes('/test/vm/') ? 2 : 0;
}

/** The order of the tests that share one worker, the same on every machine: vitest's own goes by the size of files. */
export class MachineOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files.toSorted(
      (left, right) => rank(left.moduleId) - rank(right.moduleId) || left.moduleId.localeCompare(right.moduleId),
    );
  }
}
