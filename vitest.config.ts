import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { LongestFirst } from './test/support/longest-first.js'

const source = (name: string): string => fileURLToPath(new URL(`./src/${name}.ts`, import.meta.url))

/** Run one after another, when all others are done. */
const ALONE = ['test/process/load.test.ts', 'test/process/load-balanced.test.ts', 'test/testing/load.test.ts']

export default defineConfig({
  resolve: {
    alias: [
      { find: /^quiesce$/, replacement: source('index') },
      { find: /^quiesce\/(.*)$/, replacement: source('$1') },
    ],
  },
  test: {
    projects: [
      { extends: true, test: { name: 'together', include: ['test/**/*.test.ts'], exclude: ALONE, sequence: { groupOrder: 0 } } },
      // Whoever promises that no connection is reset under load needs the machine for itself, as a daemon has it.
      { extends: true, test: { name: 'alone', include: ALONE, fileParallelism: false, sequence: { groupOrder: 1 } } },
    ],
    globalSetup: './test/support/javascript-fixtures.ts',
    reporters: ['default', './test/support/closing-line.ts'],
    sequence: { sequencer: LongestFirst },
    // Most of the time is spent waiting for real processes.
    maxWorkers: 2,
    // No test measures time: this is for those that hang.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
