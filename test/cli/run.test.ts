// `quiesce run`, the real program: a real signal, a report in a file, and `quiesce report` that reads it.
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { daemon, PROGRAM, project, quiesce } from './program.js'

const MAIN = `
import { run, service, supervisor } from 'quiesce'
const db = service('db', { start: () => 1, stop: () => new Promise((resolve) => setTimeout(resolve, 20)) })
const tree = supervisor('shop', { children: [db, service('api', { uses: { db }, start: () => 1 })] })
await run(tree, { grace: '10s', probes: false, marker: 'markers' })
`

describe('a daemon', () => {
  test('runs with flags laid over its options, stops on SIGTERM, and leaves a report to be read', async () => {
    const cwd = project({ 'main.mjs': MAIN })
    const reports = join(cwd, 'reports.jsonl')
    for (const _ of ['first', 'second']) {
      const shop = daemon(['run', 'main.mjs', '--grace', '7s', '--probes-port', '0', '--report', 'reports.jsonl'], { cwd })
      expect(await shop.line('shop starts')).toMatchObject({ graceMs: 7_000 })
      await shop.probes()
      await shop.line('shop is ready')
      shop.signal('SIGTERM')
      const { code, stderr, lines } = await shop.exited
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      expect(lines.at(-1)?.msg).toMatch(/^complete/)
    }
    const entries = readFileSync(reports, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(entries).toHaveLength(2)
    expect(entries[1]).toMatchObject({
      when: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      pid: expect.any(Number),
      root: 'shop',
      exitCode: 0,
      report: { reason: 'SIGTERM', clean: true },
    })

    const last = await quiesce(['report', 'reports.jsonl'], { cwd })
    expect({ code: last.code, stderr: last.stderr }).toEqual({ code: 0, stderr: '' })
    expect(last.stdout).toMatch(/^shop, \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC, pid \d+, exit code 0\n/)
    expect(last.stdout.split('\n')[1]).toMatch(/^stopping took .*: /)
    expect(last.stdout).toContain('`shop/db`')
    expect(last.stdout).toContain('stopped cleanly (SIGTERM)')
    expect(last.stdout.split('\n').filter((line) => line.length > 80)).toEqual([])
    const both = await quiesce(['report', '--all'], { cwd, env: { QUIESCE_REPORT: reports } })
    expect(both.stdout.match(/^shop, /gm)).toHaveLength(2)
    const raw = await quiesce(['report', 'reports.jsonl', '-n', '2', '--json'], { cwd })
    expect(raw.stdout).toBe(readFileSync(reports, 'utf8'))
  })

  test('its log holds the report as well', async () => {
    const cwd = project({ 'main.mjs': MAIN })
    const shop = daemon(['run', 'main.mjs'], { cwd })
    await shop.line('shop is ready')
    shop.signal('SIGTERM')
    const { lines } = await shop.exited
    const input = lines.map((line) => JSON.stringify(line)).join('\n')
    const { code, stdout } = await quiesce(['report', '-'], { cwd, input })
    expect(code).toBe(0)
    expect(stdout).toMatch(/^shop, .*, exit code 0\n[\s\S]*stopped cleanly \(SIGTERM\)/)
  })

  test('may be just an exported tree; QUIESCE_REPORT names the file', async () => {
    const cwd = project({ 'main.mjs': MAIN.replace('const tree', 'export const tree').replace(/await run.*/, '') })
    const shop = daemon(['run', 'main.mjs', '--probes-port', '0'], { cwd, env: { QUIESCE_REPORT: 'r.jsonl', STATE_DIRECTORY: cwd } })
    await shop.line('shop is ready')
    shop.signal('SIGINT')
    expect((await shop.exited).code).toBe(0)
    expect(readFileSync(join(cwd, 'r.jsonl'), 'utf8')).toContain('"reason":"SIGINT"')
  })

  test('a file that runs a tree and exports it runs it once', async () => {
    const cwd = project({ 'main.mjs': MAIN.replace('const tree', 'export const tree').replace('await run', 'run') })
    const shop = daemon(['run', 'main.mjs'], { cwd })
    await shop.line('shop is ready')
    shop.signal('SIGTERM')
    expect((await shop.exited).lines.filter(({ msg }) => msg === 'shop starts')).toHaveLength(1)
  })

  test('a file that exports a tree, and runs it only later on, runs it once too, and is told', async () => {
    const late = "setTimeout(() => run(tree, { grace: '99s' }).then(({ reason }) => console.log('ran:', reason)), 50)\n"
    const main = MAIN.replace('const tree', 'export const tree').replace(/await run.*/, late)
    const cwd = project({ 'main.mjs': main })
    const shop = daemon(['run', 'main.mjs', '--probes-port', '0'], { cwd, env: { STATE_DIRECTORY: cwd } })
    await shop.said('main.mjs exports its tree, which runs already')
    shop.signal('SIGTERM')
    const { code, lines } = await shop.exited
    expect(code).toBe(0)
    expect(lines.filter(({ msg }) => msg === 'shop starts')).toHaveLength(1)
    expect(lines.at(-1)?.msg).toBe('ran: SIGTERM')
  })

  test("an error of the file's own, later on, ends the daemon in order as without this program", async () => {
    const cwd = project({ 'main.mjs': MAIN.replace('await run', 'run').concat('\nawait 1\nthrow new Error("mine")\n') })
    const { code, lines } = await daemon(['run', 'main.mjs'], { cwd }).exited
    expect(code).toBe(1)
    expect(lines.some(({ msg }) => msg === 'an uncaught error that belongs to no service: the daemon ends')).toBe(true)
  })

  test('that is not well formed ends with its own code, 2', async () => {
    const cwd = project({ 'main.mjs': MAIN.replace("'10s'", "'soon'") })
    const { code, lines } = await daemon(['run', 'main.mjs'], { cwd }).exited
    expect(code).toBe(2)
    expect(lines.at(-1)?.msg).toContain('`grace`')
  })

  test('that never comes', async () => {
    expect(await quiesce(['run', 'main.mjs'], { cwd: project({ 'main.mjs': 'export const app = 1' }) })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('main.mjs neither calls run(tree, options) nor exports a'),
    })
  })

  test('a file that ends the process by itself does so with its own code', async () => {
    expect(await quiesce(['run', 'main.mjs'], { cwd: project({ 'main.mjs': 'process.exit(7)' }) })).toEqual({
      code: 7,
      stdout: '',
      stderr: '',
    })
  })
})

describe('reports that cannot be read', () => {
  test.each([
    ['none.jsonl', 'there is no file none.jsonl in '],
    ['empty.jsonl', 'there is no shutdown report in empty.jsonl; a daemon writes one with `--report FILE`'],
    ['.', '. cannot be read: EISDIR'],
  ])('%s', async (name, message) => {
    const cwd = project({ 'empty.jsonl': '\n' })
    const { code, stdout, stderr } = await quiesce(['report', name], { cwd })
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr.replace(/\s+/g, ' ')).toContain(message)
  })
})

describe('the program itself', () => {
  test('says its version and helps', async () => {
    const cwd = project({})
    const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')) as { version: string }
    expect(await quiesce(['--version'], { cwd })).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' })
    expect(await quiesce(['--help'], { cwd })).toMatchObject({ code: 0, stdout: expect.stringContaining('Usage: quiesce COMMAND') })
    expect(await quiesce(['help', 'check'], { cwd })).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Usage: quiesce check FILE'),
    })
  })

  test('called wrongly, says so in plain words and exits with 2', async () => {
    const { code, stdout, stderr } = await quiesce(['chekc', 'main.mjs'], { cwd: project({}) })
    expect({ code, stdout, stderr }).toEqual({
      code: 2,
      stdout: '',
      stderr: 'quiesce: there is no command "chekc"; did you mean "check"?\nTry: quiesce help check\n',
    })
  })

  test('bears a reader that has gone', async () => {
    const child = spawn(process.execPath, [PROGRAM, 'help', 'check'], { cwd: project({}), stdio: ['ignore', 'pipe', 'pipe'] })
    child.stdout.destroy()
    let stderr = ''
    child.stderr.setEncoding('utf8').on('data', (part: string) => {
      stderr += part
    })
    const code = await new Promise((resolve) => child.once('close', resolve))
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })
})
