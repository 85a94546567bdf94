// Daemons as children of a test: the log that can be awaited, signals, how they end, their report; and nobody is left behind.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expectClean, expectStopOrder, leakCheck, startDaemon } from 'quiesce/testing'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { ROOT } from '../house/sources.js'
import { checkBuild, temporaryFolder } from '../support/daemon-process.js'

const execArgv = ['--import', 'tsx']
const SHOP = join(ROOT, 'test/process/fixtures/shop.ts')
const env = (): Record<string, string> => ({ MARKER: temporaryFolder() })

/** A file of plain JavaScript. */
function script(text: string): string {
  const file = join(temporaryFolder(), 'script.mjs')
  writeFileSync(file, text)
  return file
}

// One that has ended and that nobody has asked about yet is no more alive.
function isAlive(pid: number): boolean {
  try {
    if (process.platform === 'linux') return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

beforeAll(checkBuild)

describe('a daemon', () => {
  test('is started, is ready, is signalled, ends, and has a report', async () => {
    await using daemon = startDaemon(SHOP, { execArgv, env: env() })
    await daemon.ready()
    daemon.tell('work')
    expect(await daemon.line('working')).toMatchObject({ level: 30, msg: 'working' })
    daemon.signal('SIGTERM')
    expect(await daemon.line(({ msg, service }) => msg === 'draining' && service === 'shop/api')).toMatchObject({ inFlight: 1 })
    daemon.tell('finish')
    const { code, signal, stderr, lines } = await daemon.exited
    expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' })
    expect(lines.filter(({ report }) => report !== undefined)).toHaveLength(1)
    expectStopOrder(await daemon.report, ['shop/api', 'shop/db'])
    expectClean(await daemon.report)
  })

  test('says where it serves and where it is probed', async () => {
    await using daemon = startDaemon(join(ROOT, 'test/process/fixtures/hung-handler.ts'), {
      execArgv,
      env: { ...env(), OPTIONS: '{"probes":{"port":0}}' },
    })
    expect((await fetch(`${await daemon.probes()}/livez`)).status).toBe(200)
    expect(await daemon.url()).toMatch(/^http:/)
    const { service } = await daemon.line('listening')
    expect(await daemon.url(service as string)).toBe(await daemon.url())
  })

  test('has the environment of the test without what a daemon would act on', async () => {
    const file = script('console.log(JSON.stringify({ msg: "env", env: process.env, args: process.argv.slice(2), cwd: process.cwd() }))')
    process.env['DYNO'] = 'web.1'
    onTestFinished(() => {
      delete process.env['DYNO']
    })
    const cwd = temporaryFolder()
    await using daemon = startDaemon(file, { env: { COLOUR: 'red' }, args: ['one', 'two'], cwd })
    const line = await daemon.line('env')
    expect(line).toMatchObject({
      args: ['one', 'two'],
      cwd: expect.stringContaining(cwd),
      env: { COLOUR: 'red', PATH: process.env['PATH'] },
    })
    const names = Object.keys(line['env'] as object)
    expect(names.filter((name) => /^(NODE_ENV|DYNO|VITEST)/.test(name))).toEqual([])
    expect(process.env['NODE_ENV']).toBeDefined()
  })

  test('may be spoken to over a message channel, or be started by a shell', async () => {
    await using child = startDaemon(script('process.on("message", (text) => { console.log(text); process.disconnect() })'), { ipc: true })
    child.child.send('hello')
    expect(await child.line('hello')).toEqual({ time: 0, level: 0, msg: 'hello' })
    await using wrapped = startDaemon(script('console.log(process.ppid)'), { shell: 'echo $$; "$@"; echo done' })
    await wrapped.line('done')
    expect(new Set(wrapped.lines.slice(0, 2).map(({ msg }) => msg)).size).toBe(1)
  })
})

describe('what it says', () => {
  test('is awaited whether it was said or is to be said; text that is no JSON is a message', async () => {
    await using daemon = startDaemon(
      script('console.log("first"); console.log(JSON.stringify({ n: 1 })); process.stdout.write("no end of line")'),
    )
    await daemon.exited
    expect(daemon.lines.map(({ msg }) => msg)).toEqual(['first', '{"n":1}', 'no end of line'])
    expect(await daemon.line('first')).toMatchObject({ msg: 'first' })
  })

  test('on standard error is awaited too', async () => {
    await using daemon = startDaemon(script('setInterval(() => process.stderr.write("tick "), 5)'))
    await daemon.said('tick tick')
    expect(daemon.stderr).toContain('tick tick')
    await daemon.end()
    await expect(daemon.said('tock')).rejects.toThrow('had ended without saying "tock":')
  })

  test('and what it never says is an error that shows what it did say', async () => {
    await using daemon = startDaemon(
      script('console.log("hello"); console.error("trouble"); process.stdin.once("data", () => process.exit(3))'),
    )
    await daemon.line('hello')
    const missing = daemon.line('good bye')
    daemon.tell('go')
    await expect(missing).rejects.toThrow(/has ended without "good bye":\n.*"msg":"hello".*\ntrouble/s)
    await expect(daemon.line('good bye')).rejects.toThrow('had ended without "good bye"')
    await expect(daemon.report).rejects.toThrow('ended without a report')
    expect(await daemon.exited).toMatchObject({ code: 3, signal: null })
  })

  test('or does not say in time', async () => {
    await using daemon = startDaemon(script('console.log("hello"); setInterval(() => {}, 1000)'), { patience: '1s' })
    await daemon.line('hello')
    await expect(daemon.line('good bye')).rejects.toThrow(/^the process did not say "good bye" within 1\.00 s; it said:\n.*hello/)
    expect(() => startDaemon(SHOP, { patience: 'soon' as '1s' })).toThrow('soon is not a duration')
  })

  test('a file that is not there is told by Node itself', async () => {
    await using daemon = startDaemon('/no/such/file.mjs')
    expect(await daemon.exited).toMatchObject({ code: 1, stderr: expect.stringContaining('/no/such/file.mjs') })
  })
})

describe('nobody is left behind', () => {
  const deaf = 'process.on("SIGTERM", () => {}); console.log("up"); setInterval(() => {}, 1000)'

  test('by a disposal, a group with all in it', async () => {
    const check = leakCheck()
    let pid = 0
    let inner = 0
    {
      await using daemon = startDaemon(script(deaf), { shell: 'sleep 1000 & echo $!; "$@"', group: true })
      await daemon.line('up')
      pid = daemon.child.pid as number
      inner = Number(daemon.lines[0]?.msg)
      expect([isAlive(pid), isAlive(inner)]).toEqual([true, true])
    }
    expect(isAlive(pid)).toBe(false)
    await expect.poll(() => isAlive(inner)).toBe(false)
    await check.expectNone()
  })

  test('by the end of the process that started it', async () => {
    const child = script(deaf)
    const starter = script(`
      import { startDaemon } from '${join(ROOT, 'dist/testing.js')}'
      const daemon = startDaemon('${child}')
      await daemon.line('up')
      process.send(daemon.child.pid)
      process.once('message', () => process.exit(0))
    `)
    const parent: ChildProcess = fork(starter, { execArgv: [] })
    const [pid] = (await once(parent, 'message')) as [number]
    expect(isAlive(pid)).toBe(true)
    parent.send('end')
    await once(parent, 'exit')
    await expect.poll(() => isAlive(pid)).toBe(false)
  })
})
