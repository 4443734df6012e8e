import { defineConfig } from 'vitest/config';

// The quick suite is the default; `npm run test:all` adds what needs minutes, root or a container engine.
const all = process.env.TSPLAY_TEST_ALL === '1';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: all ? ['node_modules/**', 'dist/**'] : ['node_modules/**', 'dist/**', 'test/integration/containers/**'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});
