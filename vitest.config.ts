import { defineConfig } from 'vitest/config';

/** Kills, recoveries and drained queues take longer than a function call. */
const slow = { testTimeout: 120_000, hookTimeout: 120_000 };

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    teardownTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'spec',
          include: ['test/**/*.spec.ts'],
          exclude: ['test/faults/**'],
          globalSetup: 'test/support/postgres.ts',
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'faults',
          include: ['test/faults/**/*.spec.ts'],
          globalSetup: 'test/support/postgres-durable.ts',
          ...slow,
        },
      },
    ],
  },
});
