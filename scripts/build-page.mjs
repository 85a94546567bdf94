// Builds the inspector's page: one file with its script and its style inside, which may load nothing and run nothing else.
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url))
const target = root(process.argv[2] ?? 'dist/inspect/page.html')

const options = { bundle: true, minify: true, write: false, legalComments: 'none', logLevel: 'warning' }
const bundle = async (entry, more) => (await build({ entryPoints: [root(entry)], ...options, ...more })).outputFiles[0].text.trim()

const script = (await bundle('src/inspect/page/main.ts', { format: 'iife', target: 'es2023' })).replaceAll('</script', '<\\/script')
const style = await bundle('src/inspect/page/page.css', { target: 'chrome123' })

const hash = (text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`
const policy = [
  "default-src 'none'",
  `script-src ${hash(script)}`,
  `style-src ${hash(style)}`,
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
].join('; ')

const page = readFileSync(root('src/inspect/page/page.html'), 'utf8')
  .replace('{policy}', () => policy)
  .replace('<style>/* style */<', () => `<style>${style}<`)
  .replace('<script>script<', () => `<script>${script}<`)
mkdirSync(dirname(target), { recursive: true })
writeFileSync(target, page)
