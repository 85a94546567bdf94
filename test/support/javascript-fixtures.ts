// The daemons of the process tests as JavaScript, made once for a run: hundreds of processes are started, and each would have to load a
// translator first. They import the built package by its name, as a user's daemon does.
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** Where a fixture lies as JavaScript. */
export function javascriptOf(fixture: string): string {
  return join(ROOT, '.data/fixtures', `${fixture}.mjs`)
}

/** Called by the test runner before the first test. */
export async function setup(): Promise<void> {
  await build({
    absWorkingDir: ROOT,
    entryPoints: ['test/process/fixtures/*.ts'],
    entryNames: '[name]',
    outdir: '.data/fixtures',
    outExtension: { '.js': '.mjs' },
    bundle: true,
    packages: 'external',
    // The paths in it lead to the sources.
    tsconfigRaw: {},
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
  })
}
