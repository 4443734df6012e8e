import { defineConfig } from 'vitest/config';
import { leftOut } from './test/support/machine-tools.ts';

// The quick suite is the default; TSPLAY_TEST_ALL=1 (`npm run test:all`) adds what needs many minutes.
const all = process.env.TSPLAY_TEST_ALL === '1';
const report = process.env.TSPLAY_TEST_REPORT;
const missing = leftOut(import.meta.dirname);

if (missing.length > 0 && !process.env.VITEST_WORKER_ID) {
  const packages = [...new Set(missing.flatMap((one) => one.packages))].join(' ');
  console.warn(`Left out, because this machine lacks what they need (apt-get install ${packages}):`);
  for (const { file, packages: needed } of missing) console.warn(`  ${file}  (${needed.join(', ')})`);
}

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: [
      'node_modules/**',
      'dist/**',
      ...missing.map((one) => one.file),
      ...(all ? [] : ['test/**/*.long.test.ts']),
    ],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
    ...(report ? { reporters: ['default', ['json', { outputFile: report }]] } : {}),
  },
});
