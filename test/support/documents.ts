// The blocks of a document in other languages than TypeScript, for tests that hold them to what they say.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../house/sources.js'

/** The text of the block that begins with these words, as in `sql tables`. */
export function blockOf(document: string, opening: string): string {
  const text = readFileSync(join(ROOT, document), 'utf8')
  const start = text.indexOf(`\n\`\`\`${opening}\n`)
  if (start < 0) throw new Error(`${document} has no block "${opening}"`)
  const body = text.slice(start + opening.length + 5)
  return body.slice(0, body.indexOf('```'))
}
