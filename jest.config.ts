import type { Config } from 'jest'

const config: Config = {
  roots: ['<rootDir>/packages', '<rootDir>/scripts'],
  testMatch: ['**/test/**/*.test.ts'],
  modulePathIgnorePatterns: ['<rootDir>/packages/[^/]+/dist/'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/scripts/strip-types.ts' },
  testEnvironment: '<rootDir>/scripts/costed-environment.ts',
  testSequencer: '<rootDir>/scripts/waiting-first.ts',
  cacheDirectory: '<rootDir>/node_modules/.cache/jest',
  testTimeout: 180_000,
  maxWorkers: 2,
  coverageProvider: 'v8',
}

export default config
