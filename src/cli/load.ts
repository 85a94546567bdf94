// Loads the file that somebody named and takes its tree from it: the one with which it calls `run`, or the one that it exports.
import { accessSync, constants, statSync } from 'node:fs'
import { extname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe } from '../base/errors.js'
import { becomeHost, type HandedOver } from '../daemon/host.js'
import { handOver } from '../daemon/run.js'
import type { Report } from '../policy/report.js'
import { definitionOf, type Service } from '../tree/definition.js'
import { UsageError } from './usage-error.js'

/** The file threw while it was loaded: what is wrong is in the file. */
export class FileError extends Error {}

/** What becomes of a tree. */
export interface Taker {
  /** Called for each call of `run`, and for an exported tree; what it returns is what `run` returns. */
  take(handedOver: HandedOver): Promise<Report>
  /** The file threw after its tree was taken. */
  late(error: unknown): void
}

/** The file, and what it is to believe about how it was started. */
export interface Called {
  readonly command: string
  readonly file: string
  readonly fileArguments: readonly string[]
}

// So long a file that keeps the process alive may take to call `run` before somebody says that it has not.
const PATIENCE_MS = 10_000

/**
 * Imports the file; resolves with its tree once that is there, however long the file goes on.
 * @throws UsageError for a file that cannot be used, FileError for one that throws.
 */
export function load(called: Called, taker: Taker): Promise<HandedOver> {
  const path = readable(called)
  // As if it had been started by itself: it may look whether it is the main module, and reads its own arguments.
  process.argv.splice(1, process.argv.length, path, ...called.fileArguments)
  return new Promise((resolve, reject) => {
    const waiting = waitForFile(called, reject)
    const found: Found = { first: undefined, exported: undefined }
    const take = (handedOver: HandedOver): Promise<Report> => {
      const known = alreadyRuns(called, found, handedOver)
      if (known !== undefined) return known
      found.first ??= handedOver
      waiting.over()
      resolve(handedOver)
      return taker.take(handedOver)
    }
    becomeHost({ take })
    import(pathToFileURL(path).href).then(
      (module: object) => {
        if (found.first !== undefined) return
        const tree = exportedTree(module, called, reject)
        if (tree !== undefined) found.exported = take(handOver(tree, {}))
      },
      (error: unknown) => {
        if (found.first !== undefined) return taker.late(error)
        waiting.over()
        reject(loadError(called, error))
      },
    )
  })
}

/** What a file has come up with. */
interface Found {
  first: HandedOver | undefined
  /** The end of the tree that was taken from an export. */
  exported: Promise<Report> | undefined
}

// A file that exports its tree and calls `run` with it, but only after it was loaded, means one daemon.
function alreadyRuns({ file }: Called, { first, exported }: Found, { tree }: HandedOver): Promise<Report> | undefined {
  if (exported === undefined || first?.tree !== tree) return undefined
  say(`${file} exports its tree, which runs already: the options of its later call of run(…) are not used; export it or run it`)
  return exported
}

// Until it has come up with something, it may run out of things to do, or just go on and on.
function waitForFile(called: Called, reject: (error: Error) => void): { readonly over: () => void } {
  const patience = setTimeout(() => say(`${called.file} has not called run(…) for 10 s; still waiting`), PATIENCE_MS)
  patience.unref()
  const over = (): void => {
    clearTimeout(patience)
    process.off('beforeExit', ranEmpty)
  }
  const ranEmpty = (): void => {
    over()
    reject(nothingIn(called))
  }
  process.on('beforeExit', ranEmpty)
  return { over }
}

function say(line: string): void {
  process.stderr.write(`quiesce: ${line}\n`)
}

function readable({ command, file }: Called): string {
  const path = resolve(file)
  let isFile = false
  try {
    isFile = statSync(path).isFile()
    accessSync(path, constants.R_OK)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') throw new UsageError(`there is no file ${file} in ${process.cwd()}`, command)
    throw new UsageError(`${file} cannot be read: ${describe(error)}`, command)
  }
  if (!isFile) throw new UsageError(`${file} is no file; name the one that calls run(…)`, command)
  return path
}

// A CommonJS module's exports are its default, and by name only where Node can tell the names.
function exportedTree(module: object, called: Called, reject: (error: Error) => void): Service | undefined {
  const { tree, default: whole } = module as { tree?: unknown; default?: unknown }
  const inner = typeof whole === 'object' && whole !== null && 'tree' in whole ? whole.tree : undefined
  const found = [tree, inner, whole].filter((value) => value !== undefined)
  const service = found.find((value) => definitionOf(value) !== undefined)
  if (service === undefined && (tree ?? inner) !== undefined) {
    const hint = 'make it with supervisor(…) of this very package; if there are two copies of it, call run(tree) in the file instead'
    reject(new UsageError(`${called.file} exports a \`tree\` that is none: ${hint}`, called.command))
  }
  return service as Service | undefined
}

function nothingIn({ command, file }: Called): UsageError {
  const what = `${file} neither calls run(tree, options) nor exports a tree`
  return new UsageError(`${what}; end it with \`await run(tree)\`, or write \`export const tree = supervisor(…)\``, command)
}

function loadError(called: Called, error: unknown): Error {
  const { code } = error as NodeJS.ErrnoException
  const { command, file } = called
  const withLoader = `node --import tsx node_modules/.bin/quiesce ${[command, file].join(' ')}`
  if (code === 'ERR_UNKNOWN_FILE_EXTENSION') {
    // The file itself, or one that it imports.
    const culprit = / for (\S+)$/.exec(describe(error))?.[1] ?? file
    if (!['.ts', '.mts', '.cts'].includes(extname(culprit)))
      return new UsageError(`${describe(error)}; Node reads .js, .mjs and .cjs`, command)
    const what = `Node ${process.versions.node} does not read TypeScript by itself (22.18 and later do). Run it with a loader:`
    return new UsageError(what, command, withLoader)
  }
  if (code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX') {
    const what = `${describe(error)}: Node strips types and does nothing else. Run it with a loader:`
    return new UsageError(what, command, withLoader)
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : describe(error)
  // Node keeps the line of a syntax error to itself.
  const where = error instanceof SyntaxError && stack.startsWith('SyntaxError') ? `\nnode --check shows the line: node --check ${file}` : ''
  return new FileError(`${file} threw while it was loaded:\n${stack}${where}`)
}
