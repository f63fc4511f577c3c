import { defineConfig } from 'vitest/config';
import { tallyReporter } from './dev/test/tally-reporter.ts';

/**
 * Three suites, one per folder. `unit` touches no cluster; `integration` uses a real API server; `e2e` runs the
 * built programs on namespaces and a real kube-proxy, one file at a time, because files compete for two cores.
 */
export default defineConfig({
  test: {
    reporters: ['default', tallyReporter],
    projects: [
      {
        test: {
          name: 'unit',
          setupFiles: ['tests/support/property-seed.ts'],
          include: ['tests/unit/**/*.test.ts', 'tests/architecture.test.ts'],
          testTimeout: 20_000,
          hookTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'integration',
          setupFiles: ['tests/support/property-seed.ts'],
          include: ['tests/integration/**/*.test.ts'],
          globalSetup: ['tests/support/control-plane-setup.ts'],
          testTimeout: 120_000,
          hookTimeout: 180_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'e2e',
          setupFiles: ['tests/support/property-seed.ts'],
          include: ['tests/e2e/**/*.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
