/** Jest runs the TypeScript as ES modules, as Node itself does; swc only strips the types. */
export default {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2024' }, module: { type: 'es6' } },
    ],
  },
  roots: ['<rootDir>/collector/src', '<rootDir>/clients/javascript', '<rootDir>/tests'],
  testMatch: ['**/*.test.ts'],
  modulePathIgnorePatterns: ['<rootDir>/data/', '/dist/'],
  globalSetup: '<rootDir>/collector/src/testing/jest-global-setup.ts',
  globalTeardown: '<rootDir>/collector/src/testing/jest-global-teardown.ts',
  testTimeout: 60_000,
  maxWorkers: 2,
};
