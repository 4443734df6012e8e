import { defineConfig } from 'vitest/config';

// The quick suite is the default; TSPLAY_TEST_ALL=1 (`npm run test:all`) adds what needs many minutes.
const all = process.env.TSPLAY_TEST_ALL === '1';
const report = process.env.TSPLAY_TEST_REPORT;

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['node_modules/**', 'dist/**', ...(all ? [] : ['test/**/*.long.test.ts'])],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
    ...(report ? { reporters: ['default', ['json', { outputFile: report }]] } : {}),
  },
});
