// `npm run -s conformance -- [--raw] FILE.sup …`: prints this runtime's traces of scripts on stdout.
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { interpret } from './interpret.js'

const args = process.argv.slice(2)
const isRaw = args.includes('--raw')
for (const file of args.filter((arg) => arg !== '--raw')) {
  const lines = await interpret(basename(file), readFileSync(file, 'utf8'), { raw: isRaw })
  process.stdout.write(`${lines.join('\n')}\n`)
}
