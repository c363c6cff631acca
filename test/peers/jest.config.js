/** Real cosign, crane, registries and a kube-apiserver: `npm run test:peers`. The first run builds them, which takes minutes. */
export default {
  testMatch: ['<rootDir>/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/../../scripts/jest-transform.js' },
  globalSetup: '<rootDir>/setup.ts',
  globalTeardown: '<rootDir>/teardown.ts',
  testTimeout: 120_000,
  maxWorkers: 1,
};
