import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const source = (name: string): string => fileURLToPath(new URL(`./src/${name}.ts`, import.meta.url))

export default defineConfig({
  resolve: {
    alias: [
      { find: /^quiesce$/, replacement: source('index') },
      { find: /^quiesce\/(.*)$/, replacement: source('$1') },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    reporters: ['default', './test/support/closing-line.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
})
