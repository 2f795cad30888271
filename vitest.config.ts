import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/mongodb/global-setup.ts'],
    // Busy machines are slow: a test waits for what it is about, and not for a time.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // Most tests wait for servers, processes and timers: two side by side fit where there are two cores, too.
    maxWorkers: Math.max(2, availableParallelism() - 1),
  },
});
