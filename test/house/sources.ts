// Reads the sources as text: what each file imports, what it exports. Enough of TypeScript's grammar for this house's own style.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The checkout. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** One file: its path from the checkout (`src/base/clock.ts`) and its text. */
export interface Source {
  readonly path: string
  readonly text: string
}

/** One import or re-export. */
export interface Import {
  /** As written: `./clock.js`, `node:fs`, `xstate`. */
  readonly from: string
  /** The path of the imported file from the checkout; undefined for packages. */
  readonly target: string | undefined
  /** The names taken, as the target exports them; `*` for all. */
  readonly names: readonly string[]
  readonly reexports: boolean
}

/** All TypeScript files below some folders of the checkout. */
export function readSources(...folders: string[]): Source[] {
  return folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.m?ts$/.test(entry.name))
      .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
      .sort()
      .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') })),
  )
}

/** The text without comments; strings keep their content. */
export function withoutComments(text: string): string {
  return text.replace(/(['"`])(?:\\.|(?!\1)[^\\\n])*\1|\/\*[\s\S]*?\*\/|(?<![:\\])\/\/[^\n]*/g, (match, quote) =>
    quote === undefined ? '' : match,
  )
}

const STATEMENT = /^[ \t]*(import|export)\s+(?:type\s+)?([\w*\s{},$]*?)\s*from\s*'([^']+)'/gm
const BARE = /^[ \t]*import\s*'([^']+)'/gm
const CALLED = /\bimport\(\s*'([^']+)'\s*\)/g

/** What a file imports, types included. */
export function importsOf({ path, text }: Source): Import[] {
  const code = withoutComments(text)
  const found: Import[] = []
  const add = (from: string, names: string[], reexports: boolean): void => {
    found.push({ from, target: targetOf(path, from), names, reexports })
  }
  for (const [, word = '', clause = '', from = ''] of code.matchAll(STATEMENT)) add(from, namesIn(clause), word === 'export')
  for (const [, from = ''] of code.matchAll(BARE)) add(from, [], false)
  for (const [, from = ''] of code.matchAll(CALLED)) add(from, ['*'], false)
  return found
}

function targetOf(path: string, from: string): string | undefined {
  if (from === 'quiesce') return 'src/index.ts'
  if (from.startsWith('quiesce/')) return `src/${from.slice('quiesce/'.length)}.ts`
  if (!from.startsWith('.')) return undefined
  return relative(ROOT, resolve(ROOT, dirname(path), from))
    .replaceAll('\\', '/')
    .replace(/\.js$/, '.ts')
}

function namesIn(clause: string): string[] {
  if (clause.includes('*')) return ['*']
  const inner = /\{([\s\S]*)\}/.exec(clause)?.[1] ?? ''
  return inner
    .split(',')
    .map(
      (part) =>
        part
          .trim()
          .replace(/^type\s+/, '')
          .split(/\s+as\s+/)[0] ?? '',
    )
    .filter((name) => name !== '')
}

/** One name that a file declares and exports. */
export interface Export {
  readonly name: string
  /** Marked `@internal`: only tests need it. */
  readonly isInternal: boolean
  /** A type that the file itself names: part of how another of its exports is described. */
  readonly isDescription: boolean
}

const DECLARED =
  /(\/\*\*(?:(?!\*\/)[\s\S])*\*\/\s*)?^export\s+(declare\s+)?(?:abstract\s+|async\s+)?(const|let|function\*?|class|interface|type|enum)\s+([\w$]+)/gm

/** What a file declares and exports; re-exports are not counted. Overloads count once. */
export function exportsOf({ text }: Source): Export[] {
  const found = new Map<string, Export>()
  const code = withoutComments(text)
  for (const [, comment, declares, kind, name = ''] of text.matchAll(DECLARED)) {
    const isInternal = comment?.includes('@internal') === true || found.get(name)?.isInternal === true
    const isType = kind === 'interface' || kind === 'type' || declares !== undefined
    const isDescription = isType && [...code.matchAll(new RegExp(`(?<![\\w$.])${name.replaceAll('$', '\\$')}(?![\\w$])`, 'g'))].length > 1
    found.set(name, { name, isInternal, isDescription })
  }
  return [...found.values()]
}
