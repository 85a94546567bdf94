// `quiesce top` at a real terminal: what it draws, and that it gives the terminal back on every way out.
import { describe, expect, test } from 'vitest'
import type { DaemonProcess } from '../support/daemon-process.js'
import { Pty, skipsTerminal } from './pty.js'
import { Place } from './shop.js'

interface Watched {
  readonly place: Place
  readonly shop: DaemonProcess
  readonly top: Pty
}

async function watch(line = 'top', env: Readonly<Record<string, string>> = {}): Promise<Watched> {
  const place = new Place()
  const shop = await place.start({ SESSIONS: '30' })
  const top = new Pty(line.split(' '), { cwd: place.cwd, env: { ...place.env, ...env }, columns: 80, rows: 30 })
  await top.until(({ screen }) => screen.some((row) => row.includes('session@1')))
  return { place, shop, top }
}

/** The terminal is as it was: the alternate screen left, the cursor and line breaks back, lines edited and shown. */
function expectGivenBack({ output }: Pty): void {
  const last = (on: string, off: string): string => (output.lastIndexOf(on) > output.lastIndexOf(off) ? on : off)
  expect([last('[?1049h', '[?1049l'), last('[?25h', '[?25l'), last('[?7h', '[?7l')]).toEqual(['[?1049l', '[?25h', '[?7h'])
  expect(output.match(/\[\?1049h/g)).toHaveLength(output.match(/\[\?1049l/g)?.length ?? 0)
  const modes = output.slice(output.lastIndexOf('exit='))
  expect(modes).toMatch(/(?<!-)\bicanon\b/)
  expect(modes).toMatch(/(?<!-)\becho\b/)
  expect(modes).toMatch(/(?<!-)\bisig\b/)
}

const exitCode = ({ output }: Pty): string | undefined => /exit=(\d+)/.exec(output)?.[1]

describe.skipIf(skipsTerminal)('at a terminal', () => {
  test('it fills the screen, in other orders and sizes too, and leaves it as it was', async () => {
    const { shop, top } = await watch()
    const [head = '', sum = ''] = top.screen
    expect(head).toMatch(new RegExp(`^shop {2}ready {3}pid ${shop.child.pid} on `))
    expect(sum).toMatch(/^\d+ services: \d+ ready$/)
    expect(top.screen).toHaveLength(30)
    expect(top.screen.filter((row) => row.length > 80)).toEqual([])
    expect(top.screen.at(-1)).toMatch(/^q quit {3}t tree .* \d\d:\d\d:\d\d$/)
    expect(top.output).toContain('\u001b[32mready\u001b[0m')
    // Behind what fills the last line nothing is erased: that would take its last column away.
    expect(top.output).not.toContain('\u001b[J')

    top.type('i')
    await top.until(({ screen }) => screen.some((row) => row.startsWith('shop/web/api ')))
    top.type('ta')
    await top.until(({ screen }) => screen.some((row) => row.includes('session@15')))
    top.type('\u001b[6~')
    await top.until(({ screen }) => screen.some((row) => row.includes('session@30')))
    top.type('g')
    await top.until(({ screen }) => screen.some((row) => row.startsWith('├─ db')))

    top.resize(44, 12)
    await top.until(({ screen }) => screen.length === 12)
    expect(top.screen.filter((row) => row.length > 44)).toEqual([])
    top.resize(120, 40)
    await top.until(({ screen }) => screen.length === 40)

    top.type('q')
    await top.exited
    expect(exitCode(top)).toBe('0')
    expectGivenBack(top)
    expect(shop.child.exitCode).toBeNull()
  })

  test.each([
    ['Ctrl+C', '0', ({ top }: Watched) => top.type('\u0003')],
    ['SIGINT', '130', ({ top }: Watched) => void process.kill(top.pid, 'SIGINT')],
    ['SIGTERM', '143', ({ top }: Watched) => void process.kill(top.pid, 'SIGTERM')],
    ['SIGHUP', '129', ({ top }: Watched) => void process.kill(top.pid, 'SIGHUP')],
  ])('%s: the terminal is given back', async (_what, code, end) => {
    const watched = await watch()
    end(watched)
    await watched.top.exited
    expect(exitCode(watched.top)).toBe(code)
    expectGivenBack(watched.top)
  })

  test('a defect of its own: the terminal is given back, and the error can be read', async () => {
    const { top } = await watch()
    process.kill(top.pid, 'SIGUSR2')
    await top.exited
    expect(exitCode(top)).not.toBe('0')
    expectGivenBack(top)
    expect(top.afterwards).toContain('Error: a defect of its own')
  })

  test('suspended and brought back, it draws everything again', async () => {
    const { top } = await watch()
    top.type('\u001a')
    await top.until(({ output }) => output.lastIndexOf('[?1049l') > output.lastIndexOf('[?1049h'))
    process.kill(top.pid, 'SIGCONT')
    await top.until(({ output, screen }) => output.match(/\[\?1049h/g)?.length === 2 && screen.length === 30)
    top.type('q')
    await top.exited
    expectGivenBack(top)
  })

  test('a shutdown: who is not done and why, how much time is left, and at the end the report in words', async () => {
    const { shop, top } = await watch()
    const held = fetch(await shop.url()).catch(() => {})
    await top.until(({ screen }) => screen.some((row) => /api .* 1\/10/.test(row)))
    shop.signal('SIGTERM')
    // All that is asked for is on the screen together once everybody else has stopped.
    const shown = [
      /^shop {2}stopping {3}pid/,
      /\nstopping \(SIGTERM\) for .* of 19\.\d\d s, .* s left\n/,
      /\nnot done: 1 at it/,
      /\nshop\/web\/api +settling +[\d.]+ m?s +[\d.]+ s {2}waiting for 1 in flight/,
      /\nshop\/db +ready +after shop\/web\/api, which u/,
    ]
    await top.until(({ screen }) => shown.every((pattern) => pattern.test(screen.join('\n'))))
    shop.signal('SIGUSR2')
    await held
    await top.exited
    expect((await shop.exited).code).toBe(0)
    expect(exitCode(top)).toBe('0')
    expectGivenBack(top)
    expect(top.afterwards).toMatch(/^stopped cleanly \(SIGTERM\) in /)
    expect(top.afterwards.replace(/\s+/g, ' ')).toMatch(/ stopping took [^:]*: `shop\/web\/api` [^,]* waiting for 1 in flight/)
  })

  test('a daemon that is gone: how it was last, and that nobody said farewell', async () => {
    const { shop, top } = await watch()
    await shop.end()
    await top.exited
    expect(exitCode(top)).toBe('1')
    expectGivenBack(top)
    expect(top.afterwards).toMatch(/^shop {2}ready {3}pid/)
    expect(top.afterwards.replace(/\s+/g, ' ')).toContain(
      `shop-${shop.child.pid} is gone without a farewell: its process (${shop.child.pid}) was killed, or has crashed.`,
    )
  })

  test('a daemon that does not answer any more: since when, and what to do', async () => {
    const { shop, top } = await watch()
    shop.signal('SIGSTOP')
    await top.until(({ screen }) => /^no answer for .*: process \d+ is suspended/.test(screen[1] ?? ''))
    shop.signal('SIGCONT')
    await top.until(({ screen }) => /^\d+ services/.test(screen[1] ?? ''))
    top.type('q')
    await top.exited
    expectGivenBack(top)
  })

  test('without colours where none are wanted', async () => {
    const { top } = await watch('top', { NO_COLOR: '1' })
    top.type('q')
    await top.exited
    expect(top.output).not.toContain('\u001b[32m')
  })
})

describe('in a pipe', () => {
  test('one picture, without a word to the terminal', async () => {
    const place = new Place()
    await place.start()
    const { code, stdout, stderr } = await place.quiesce('top')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^shop {2}ready {3}pid/)
    expect(stdout).toContain('└─ api')
    expect(stdout).not.toContain('\u001b')
  })

  test('as JSON: a line a frame until the daemon has ended, the report last', async () => {
    const place = new Place()
    const shop = await place.start()
    const top = place.follow('top --json')
    await top.line(({ msg }) => msg.startsWith('{"type":"state"'))
    shop.signal('SIGTERM')
    const { code, lines } = await top.exited
    expect(code).toBe(0)
    const types = new Set(lines.map(({ msg }) => (JSON.parse(msg) as { type: string }).type))
    expect([...types].filter((type) => type !== 'gauges')).toEqual(['state', 'fact'])
    expect(JSON.parse(lines.at(-1)?.msg ?? '')).toMatchObject({ type: 'state', report: { reason: 'SIGTERM', clean: true } })
  })
})
