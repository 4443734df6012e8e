import { defineConfig } from 'vitest/config';
import { MachineOrder } from './test/support/machine-order.ts';
import { leftOut } from './test/support/machine-tools.ts';

// The quick suite is the default; TSPLAY_TEST_ALL=1 (`npm run test:all`) adds what needs many minutes. What needs virtual
// machines, containers or a whole Nova is a run of its own (`npm run test:machines`): those share two cores with nothing.
const all = process.env.TSPLAY_TEST_ALL === '1';
const machines = process.env.TSPLAY_TEST_MACHINES === '1';
const report = process.env.TSPLAY_TEST_REPORT;
const missing = leftOut(import.meta.dirname);

if (missing.length > 0 && !process.env.VITEST_WORKER_ID) {
  const packages = [...new Set(missing.flatMap((one) => one.packages))].join(' ');
  console.warn(`Left out, because this machine lacks what they need (apt-get install ${packages}):`);
  for (const { file, packages: needed } of missing) console.warn(`  ${file}  (${needed.join(', ')})`);
}

export default defineConfig({
  test: {
    include: machines ? ['test/**/*.machine.test.ts'] : ['src/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: [
      'node_modules/**',
      'dist/**',
      ...missing.map((one) => one.file),
      ...(machines ? [] : ['test/**/*.machine.test.ts']),
      ...(all ? [] : ['test/**/*.long.test.ts', 'test/**/*.long.machine.test.ts']),
    ],
    testTimeout: machines ? 600_000 : 30_000,
    hookTimeout: machines ? 1_800_000 : 60_000,
    pool: 'forks',
    maxWorkers: machines ? 1 : 2,
    ...(machines ? { sequence: { sequencer: MachineOrder } } : {}),
    ...(report ? { reporters: ['default', ['json', { outputFile: report }]] } : {}),
  },
});
