/** Unit tests stand beside the code and need only Node and npm; test/peers has its own configuration. */
export default {
  testMatch: ['<rootDir>/{shared,functions,cli,local,scripts,test/e2e,test/fixtures,test/security}/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/scripts/jest-transform.js' },
  testTimeout: 30_000,
  maxWorkers: 2,
};
