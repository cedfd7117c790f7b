import { defaultServerConditions } from 'vite';
import { defineConfig } from 'vitest/config';

// Packages resolve each other's sources, not what was last built.
const conditions = ['escale:source', ...defaultServerConditions];
// TypeGraphQL loads the CommonJS copy of graphql; without this our sources would load the other one ("another realm").
const alias = [{ find: /^graphql$/, replacement: 'graphql/index.js' }];
const shared = {
  resolve: { conditions, alias },
  ssr: { resolve: { conditions, externalConditions: ['escale:source', 'node'] } },
};

export default defineConfig({
  ...shared,
  test: {
    globalSetup: ['tests/support/global-setup.ts'],
    // Two cores, and a database between them.
    maxWorkers: 2,
    projects: [
      {
        ...shared,
        // The management API alone has decorators.
        oxc: { decorator: { legacy: true } },
        test: {
          name: 'unit',
          include: ['packages/*/src/**/*.test.ts'],
          exclude: ['packages/web/**'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      { ...shared, test: { name: 'web', include: ['packages/web/src/**/*.test.ts'] } },
      {
        ...shared,
        test: {
          name: 'architecture',
          include: ['tests/architecture/*.test.ts'],
          testTimeout: 30_000,
        },
      },
      {
        ...shared,
        test: {
          name: 'whole',
          include: ['tests/e2e/*.test.ts', 'tests/whole/*.test.ts', 'tests/conformance/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          // A loaded machine takes its time.
          expect: { poll: { timeout: 20_000 } },
        },
      },
      {
        ...shared,
        test: {
          name: 'clients',
          include: ['tests/clients/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
      {
        ...shared,
        test: {
          name: 'keycloak',
          include: ['tests/keycloak/*.test.ts'],
          globalSetup: ['tests/keycloak/global-setup.ts'],
          testTimeout: 120_000,
          hookTimeout: 300_000,
          // They share one Keycloak, and one of them stops it for a while.
          fileParallelism: false,
        },
      },
    ],
  },
});
