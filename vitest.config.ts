import { defineConfig } from 'vitest/config';

/**
 * Three suites, one per folder. `unit` touches no cluster; `integration` uses a real API server; `e2e` runs the
 * built programs on namespaces and a real kube-proxy, one file at a time, because files compete for two cores.
 */
export default defineConfig({
  test: {
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
