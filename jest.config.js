/**
 * Jest runs the TypeScript as ES modules, as Node itself does; swc only strips the types. What touches the database runs a second
 * time on TimescaleDB where TIMESCALE_DATABASE_URL names a server on which databases may be made.
 */
const common = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2024' }, module: { type: 'es6' } },
    ],
  },
  modulePathIgnorePatterns: ['<rootDir>/data/', '/dist/'],
  globalSetup: '<rootDir>/collector/src/testing/jest-global-setup.mjs',
  globalTeardown: '<rootDir>/collector/src/testing/jest-global-teardown.mjs',
};

const everything = {
  ...common,
  displayName: 'postgresql',
  roots: ['<rootDir>/collector/src', '<rootDir>/clients/javascript', '<rootDir>/tests'],
  testMatch: ['**/*.test.ts'],
  // About TimescaleDB alone; runs in the second project.
  testPathIgnorePatterns: ['/timescale-policies'],
};

const onTimescale = {
  ...common,
  displayName: 'timescaledb',
  globals: { TEST_ENGINE: 'timescaledb' },
  roots: ['<rootDir>/collector/src'],
  testMatch: [
    '**/ingest/*.test.ts',
    '**/usage/*.test.ts',
    '**/answer-cache/*.test.ts',
    '**/summary/*.test.ts',
    '**/sql-access/*.test.ts',
    '**/allocation/*.test.ts',
    '**/budgets/*.test.ts',
    '**/exports/*.test.ts',
    '**/alerts/*.test.ts',
    '**/forecast/routes.test.ts',
    '**/sessions/*.test.ts',
    '**/tenants/*.test.ts',
    '**/pricing/*routes.test.ts',
    '**/pricing/unpriced-metrics.test.ts',
    '**/retention/*.test.ts',
    '**/monitoring/*.test.ts',
    '**/notifications/{router,worker,routes}.test.ts',
    '**/openapi/examples.test.ts',
    '**/repricing/*.test.ts',
    '**/import/import.test.ts',
    '**/otlp/report-writer.test.ts',
    '**/otlp/whole-way.test.ts',
  ],
};

/** The pages, in a browser's document without a browser. */
const pages = {
  ...common,
  displayName: 'pages',
  testEnvironment: 'jest-environment-jsdom',
  roots: ['<rootDir>/grafana-plugin/src'],
  testMatch: ['**/*.test.ts', '**/*.test.tsx'],
  extensionsToTreatAsEsm: ['.ts', '.tsx'],
  transform: {
    '^.+\\.tsx?$': [
      '@swc/jest',
      {
        jsc: {
          parser: { syntax: 'typescript', tsx: true },
          target: 'es2024',
          transform: { react: { runtime: 'automatic' } },
        },
        module: { type: 'es6' },
      },
    ],
  },
  moduleNameMapper: { '\\.(css|svg|png|ttf|woff2)$': '<rootDir>/grafana-plugin/src/testing/empty-file.ts' },
  setupFiles: ['<rootDir>/grafana-plugin/src/testing/browser-globals.ts'],
  setupFilesAfterEnv: ['<rootDir>/grafana-plugin/src/testing/set-up.ts'],
  globalSetup: undefined,
  globalTeardown: undefined,
};

export default {
  projects: process.env.TIMESCALE_DATABASE_URL ? [everything, onTimescale, pages] : [everything, pages],
  testTimeout: 60_000,
  maxWorkers: 2,
};
