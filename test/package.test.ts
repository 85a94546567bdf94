// The packed package as a stranger gets it: installed from the tarball into an empty project, compiled against, run, drained.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const exec = promisify(execFile)
const project = fileURLToPath(new URL('..', import.meta.url))
const npm = ['--no-audit', '--no-fund', '--prefer-offline', '--ignore-scripts', '--loglevel=error']

// The program of the README's first page, with stand-ins for the database client and the application.
const PROGRAM = `
import { service, supervisor, run } from 'quiesce'
import { httpServer } from 'quiesce/http'
import { createApp } from './app.js'
import * as pg from './pg.js'

const db = service('db', {
  start: async () => { const pool = new pg.Pool(); await pool.query('select 1'); return pool },
  stop: (pool) => pool.end(),
})
const api = httpServer('api', { uses: { db }, port: 0, app: ({ uses }) => createApp(uses.db) })

await run(supervisor('shop', { children: [db, api] }))
`

const PG = `
export class Pool {
  async query(_text: string): Promise<number> { return 1 }
  async end(): Promise<void> { console.log(JSON.stringify({ msg: 'pool closed' })) }
}
`

const APP = `
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Pool } from './pg.js'
export function createApp(pool: Pool) {
  return async (_req: IncomingMessage, res: ServerResponse) => { res.end(String(await pool.query('select 2'))) }
}
`

const TSCONFIG = JSON.stringify({
  compilerOptions: {
    module: 'nodenext',
    target: 'es2023',
    lib: ['es2023', 'esnext.disposable'],
    strict: true,
    skipLibCheck: true,
    types: ['node'],
    typeRoots: [join(project, 'node_modules/@types')],
  },
  files: ['main.ts'],
})

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quiesce-package-'))
  const { stdout } = await exec('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], { cwd: project })
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }]
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'stranger', private: true, type: 'module' }))
  const files = { 'main.ts': PROGRAM, 'pg.ts': PG, 'app.ts': APP, 'tsconfig.json': TSCONFIG }
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  await exec('npm', ['install', ...npm, join(folder, filename)], { cwd: folder })
  await exec(process.execPath, [join(project, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.json'], { cwd: folder })
}, 120_000)

afterAll(() => rm(folder, { recursive: true, force: true }))

describe('the packed package', () => {
  it('runs the first program: serves, drains on SIGTERM, closes the database last, exits 0', async () => {
    const daemon = spawn(process.execPath, ['main.js'], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] })
    const messages: string[] = []
    for await (const text of createInterface({ input: daemon.stdout })) {
      const line = JSON.parse(text) as { msg: string; service?: string; url?: string }
      messages.push(`${line.service ?? ''} ${line.msg}`.trim())
      if (line.service === 'shop/api' && line.url !== undefined) expect(await (await fetch(line.url)).text()).toBe('1')
      if (line.msg === 'shop is ready') daemon.kill('SIGTERM')
    }
    const [code] = daemon.exitCode === null ? await once(daemon, 'exit') : [daemon.exitCode]
    expect(code).toBe(0)
    expect(messages.indexOf('shop/db ready')).toBeLessThan(messages.indexOf('shop/api ready'))
    expect(messages.indexOf('shop/api stopped')).toBeLessThan(messages.indexOf('pool closed'))
    expect(messages.indexOf('pool closed')).toBeLessThan(messages.indexOf('shop/db stopped'))
    expect(messages.at(-1)).toMatch(/^(complete: stopped cleanly|still open)/)
  })

  it('brings the program quiesce, which checks the first program without starting it', async () => {
    // As `npx quiesce` finds it; `env node` in its first line finds the Node that runs this test.
    const program = join(folder, 'node_modules/.bin/quiesce')
    const env = { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH']}` }
    const { stdout, stderr } = await exec(program, ['check', 'main.js'], { cwd: folder, env })
    expect(stderr).toBe('')
    expect(stdout).toMatch(/^main\.js: shop, 2 services below 1 supervisor\n[\s\S]*It fits: 24\.50 s to spare\.\n$/)
  })

  it.each([
    { door: 'quiesce/ws', value: 'webSocketServer', needed: 'ws', version: 8 },
    { door: 'quiesce/metrics', value: 'metrics', needed: 'prom-client', version: 15 },
  ])('needs $needed only where $door is imported, and says what to install', async ({ door, value, needed, version }) => {
    const importing = `try { const door = await import('${door}'); console.log(typeof door.${value}) } catch (error) { console.log(error.message) }`
    const run = (): Promise<{ stdout: string }> => exec(process.execPath, ['--input-type=module', '-e', importing], { cwd: folder })
    expect((await run()).stdout.trim()).toBe(
      `${door} needs the package "${needed}", version ${version}, which is not installed here. Install it: npm install ${needed}`,
    )
    const installed = join(folder, 'node_modules', needed)
    await symlink(join(project, 'node_modules', needed), installed)
    try {
      expect((await run()).stdout.trim()).toBe('function')
      const requiring = `console.log(typeof require('${door}').${value})`
      const { stdout } = await exec(process.execPath, ['--input-type=commonjs', '-e', requiring], { cwd: folder })
      expect(stdout.trim()).toBe('function')
    } finally {
      await rm(installed)
    }
  })

  it('needs fast-check only where quiesce/testing is imported, and Node says so', async () => {
    const importing = `try { await import('quiesce/testing') } catch (error) { console.log(error.message) }`
    const { stdout } = await exec(process.execPath, ['--input-type=module', '-e', importing], { cwd: folder })
    expect(stdout).toMatch(/^Cannot find package 'fast-check' imported from .*quiesce[\\/]dist[\\/]testing[\\/]arbitraries\.js$/m)
  })

  // Required and imported, fast-check is two copies: what one makes the other must run, shrink and print.
  it.each(['module', 'commonjs'])('tests a tree with the fast-check that is installed, as %s', async (type) => {
    const load = (name: string): string => (type === 'module' ? `await import('${name}')` : `require('${name}')`)
    const program = `
      const fc = ${load('fast-check')}
      const { service, supervisor } = ${load('quiesce')}
      const { resource, runs, simulate, ByScheduler } = ${load('quiesce/testing')}
      const db = service('db', { start: (ctx) => resource(ctx), stop: (pool) => pool.close() })
      const api = service('api', { uses: { db }, start: (ctx) => resource(ctx, { uses: [ctx.uses.db] }), stop: (it) => void it.close() })
      const shop = supervisor('shop', { children: [db, api] })
      const anyRun = fc.tuple(fc.oneof(runs(shop), runs(shop)), fc.scheduler())
      const play = ([run, scheduler]) => simulate(shop, { ...run, schedule: new ByScheduler(scheduler) }).then(() => {})
      fc.check(fc.asyncProperty(anyRun, play), { seed: 1 }).then(({ counterexample, errorInstance }) => {
        console.log(JSON.stringify(counterexample[0][0]), errorInstance.violation.law.id)
      })`
    const installed = join(folder, 'node_modules/fast-check')
    await symlink(join(project, 'node_modules/fast-check'), installed)
    try {
      const { stdout } = await exec(process.execPath, [`--input-type=${type}`, '-e', program], { cwd: folder })
      expect(stdout.trim()).toBe('{} L14')
    } finally {
      await rm(installed)
    }
  })

  it('opens its doors to lease stores, from modules and from CommonJS, with nothing else installed', async () => {
    const { exports } = JSON.parse(await readFile(join(project, 'package.json'), 'utf8')) as { exports: Record<string, unknown> }
    const doors = Object.keys(exports).filter((name) => name.startsWith('./lease/'))
    expect(doors).toContain('./lease/local')
    for (const door of doors) {
      const made = `${door.slice('./lease/'.length)}Lease`
      for (const [type, load] of [
        ['module', 'await import'],
        ['commonjs', 'require'],
      ]) {
        const script = `console.log(typeof (${load}('${door.replace('.', 'quiesce')}')).${made})`
        const { stdout } = await exec(process.execPath, [`--input-type=${type}`, '-e', script], { cwd: folder })
        expect(`${door}: ${stdout.trim()}`).toBe(`${door}: function`)
      }
    }
  })

  it('can be required from CommonJS', async () => {
    const script = `const { service, supervisor, createSystem } = require('quiesce'); console.log(typeof service, typeof supervisor, typeof createSystem)`
    const { stdout } = await exec(process.execPath, ['--input-type=commonjs', '-e', script], { cwd: folder })
    expect(stdout.trim()).toBe('function function function')
  })
})
