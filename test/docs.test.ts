// Documents are tested: every TypeScript block of README, docs and examples type-checks, and a block marked `run` is executed and
// prints what the block after it shows.
import { execFile, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { format, promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'

const exec = promisify(execFile)
const project = fileURLToPath(new URL('..', import.meta.url))
// The flags that the README names.
const PRETTY = ['-S', '-i', 'run,id,pid,host,node,version,quiesce,tree,incarnation,report,code']
const scratch = join(project, '.data/docs')

interface Block {
  readonly name: string
  readonly code: string
  readonly marks: readonly string[]
  /** The `text` block that follows: what a run prints. */
  readonly shown: string | undefined
}

function blocksOf(file: string): Block[] {
  const text = readFileSync(join(project, file), 'utf8')
  const fences = [...text.matchAll(/^```([^\n]*)\n([\s\S]*?)^```$/gm)]
  return fences.flatMap((fence, index) => {
    const [language, ...marks] = (fence[1] ?? '').split(' ')
    if (language !== 'ts') return []
    const next = fences[index + 1]
    const shown = next?.[1] === 'text' ? next[2] : undefined
    const name = `${file.replace(/[^a-z0-9]+/gi, '-')}-${index}`
    return [{ name, code: fence[2] ?? '', marks, shown }]
  })
}

// The example in the documentation of a public function: a whole program; what it prints stands behind `//` in the line that prints.
function examplesOf(file: string): Block[] {
  const text = readFileSync(join(project, file), 'utf8')
  return [...text.matchAll(/^ \* @example\n \* ```ts\n([\s\S]*?)^ \* ```\n \*\/\nexport (?:async )?function (\w+)/gm)].map((match) => {
    const code = (match[1] ?? '').replace(/^ \* ?/gm, '')
    const shown = [...code.matchAll(/ \/\/ (.*)$/gm)].map(([, line]) => line).join('\n')
    return { name: `example-${match[2]}`, code, marks: [], shown }
  })
}

const examples = readdirSync(join(project, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .flatMap((file) => examplesOf(join('src', file)))
const documents = ['README.md', 'CONTRIBUTING.md', ...documentsIn('docs'), ...documentsIn('examples')].filter((file) =>
  existsSync(join(project, file)),
)
const blocks = documents.flatMap(blocksOf)

function documentsIn(folder: string): string[] {
  if (!existsSync(join(project, folder))) return []
  const files = readdirSync(join(project, folder), { recursive: true, encoding: 'utf8' })
  return files.filter((file) => file.endsWith('.md')).map((file) => join(folder, file))
}

beforeAll(() => {
  rmSync(scratch, { recursive: true, force: true })
  mkdirSync(scratch, { recursive: true })
  for (const { name, code } of [...blocks, ...examples])
    writeFileSync(join(scratch, `${name}.ts`), `${code.replace('port: 8080', 'port: 0')}\nexport {}\n`)
  const tsconfig = {
    extends: '../../test/tsconfig.json',
    compilerOptions: {
      rootDir: '../..',
      noUnusedLocals: false,
      noUnusedParameters: false,
      paths: { quiesce: ['../../src/index.ts'], 'quiesce/*': ['../../src/*.ts'] },
    },
    include: ['./*.ts'],
  }
  writeFileSync(join(scratch, 'tsconfig.json'), JSON.stringify(tsconfig))
})

afterAll(() => rmSync(scratch, { recursive: true, force: true }))

describe('the examples in the code', () => {
  it('exist for every public function', async () => {
    const { exports } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as { exports: Record<string, unknown> }
    const entries = Object.keys(exports).filter((entry) => entry !== './package.json')
    const doors = await Promise.all(entries.map((entry) => import(entry.replace(/^\./, 'quiesce')) as Promise<object>))
    const isFunction = (value: unknown): boolean => typeof value === 'function' && !/^class /.test(String(value))
    const functions = doors.flatMap((door) =>
      Object.entries(door)
        .filter(([, value]) => isFunction(value))
        .map(([name]) => name),
    )
    expect(examples.map(({ name }) => name.replace('example-', '')).sort()).toEqual(functions.sort())
  })

  it.each(examples)('$name prints what it says', async ({ name, shown }) => {
    const printed: string[] = []
    const log = vi.spyOn(console, 'log').mockImplementation((...values: unknown[]) => void printed.push(format(...values)))
    try {
      await import(join(scratch, `${name}.ts`))
    } finally {
      log.mockRestore()
    }
    expect(printed.join('\n')).toBe(shown)
  })
})

describe('the documents', () => {
  it('hold TypeScript blocks at all', () => {
    expect(blocks.length).toBeGreaterThan(0)
  })

  it('hold only blocks that type-check', async () => {
    const compile = exec(process.execPath, [join(project, 'node_modules/typescript/bin/tsc'), '-p', join(scratch, 'tsconfig.json')])
    await expect(compile.then(() => 'compiles').catch((error: { stdout: string }) => error.stdout)).resolves.toBe('compiles')
  })

  it.each(blocks.filter(({ marks }) => marks.includes('daemon')))('show what the daemon $name logs', async ({ name, shown }) => {
    expect(normalized(await logOfDaemon(join(scratch, `${name}.ts`)))).toBe(normalized(shown ?? ''))
  })

  it.each(blocks.filter(({ marks }) => marks.includes('daemon')))(
    'show the daemon $name as JavaScript, to be started as it is',
    async ({ name, code }) => {
      const file = join(scratch, `${name}.mjs`)
      writeFileSync(file, code)
      await exec(process.execPath, ['--check', file])
    },
  )

  it.each(blocks.filter(({ marks }) => marks.includes('run')))('show what $name prints', async ({ name, shown }) => {
    const { stdout } = await exec(process.execPath, ['--import', 'tsx', join(scratch, `${name}.ts`)], { cwd: dirname(scratch) })
    expect(shown, 'a block marked `run` is followed by a `text` block').toBeDefined()
    expect(normalized(stdout)).toBe(normalized(shown ?? ''))
  })
})

// A daemon is started, told to stop once it is ready, and its log is shown as the document shows it.
function logOfDaemon(file: string): Promise<string> {
  // As a reader would start it, whatever this suite was started by.
  const { NODE_ENV, npm_lifecycle_event, ...env } = process.env
  const daemon = spawn(process.execPath, ['--import', 'tsx', file], { cwd: dirname(scratch), env, stdio: ['ignore', 'pipe', 'inherit'] })
  const pretty = spawn(process.execPath, [join(project, 'node_modules/pino-pretty/bin.js'), ...PRETTY], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  daemon.stdout.on('data', (chunk: Buffer) => {
    if (chunk.includes('is ready')) daemon.kill('SIGINT')
    pretty.stdin.write(chunk)
  })
  daemon.stdout.on('end', () => pretty.stdin.end())
  return text(pretty.stdout)
}

// Times, ports, process ids and what a busy machine puts between two steps differ from run to run, and somebody else may have the port of
// the probes; everything else is compared.
function normalized(text: string): string {
  return text
    .replace(/^.* port \d+ is taken, the probes listen elsewhere;.*\n/gm, '')
    .replace(/\[[\d:.]+\]/g, '[time]')
    .replace(/\d+(\.\d+)? (ms|s)\b/g, 'N ms')
    .replace(/; N ms in which nobody was waited for/g, '')
    .replace(/"(\w+Ms)":[\d.]+/g, '"$1":0')
    .replace(/(127\.0\.0\.1|localhost):\d+/g, '$1:0')
    .trim()
}
