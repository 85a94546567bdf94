// The page of results: each bench owns one section of it, between markers of its own, and leaves the others as they are.
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'

const PAGE = join(import.meta.dirname, 'RESULTS.md')

/** Puts a section in the place of its last version, or at the end. */
export function writeSection(name: string, text: string): void {
  const [from, to] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`]
  const section = `${from}\n${text.trim()}\n${to}`
  const page = readFileSync(PAGE, 'utf8')
  const [start, end] = [page.indexOf(from), page.indexOf(to)]
  const isThere = start >= 0 && end > start
  writeFileSync(PAGE, isThere ? page.slice(0, start) + section + page.slice(end + to.length) : `${page.trimEnd()}\n\n${section}\n`)
}

/** The machine that was measured on. */
export function machine(): string {
  const [cpu] = cpus()
  return `${cpu?.model ?? 'unknown'}, ${cpus().length} cores, ${process.platform} ${process.arch}`
}

/** The commit that was measured, and whether `src` differs from it. */
export function commit(): string {
  const git = (...args: string[]): string => execFileSync('git', args, { cwd: import.meta.dirname, encoding: 'utf8' }).trim()
  const changed = git('status', '--porcelain', '--', '../src') === '' ? '' : ' with changes in src'
  return `${git('rev-parse', '--short', 'HEAD')}${changed}`
}

/** The version of a Node. */
export function versionOf(path: string): string {
  return execFileSync(path, ['-p', 'process.versions.node'], { encoding: 'utf8' }).trim()
}
