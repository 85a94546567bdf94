// The example shop under `kill -9`: twenty times at seeded moments under load, then every order that was answered is on disk,
// none was worked off twice, and the next start's first line says that the last run ended without a farewell.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import Database from 'libsql'
import { afterAll, describe, expect, it } from 'vitest'
import { customers } from '../../examples/shop/load.ts'
import { seeded } from '../../src/testing/seeded.js'

const SEED = 20_261_120
const KILLS = 20
const main = fileURLToPath(new URL('../../examples/shop/main.ts', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'quiesce-kill-'))

afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Line {
  readonly msg: string
  readonly service?: string
  readonly url?: string
}

interface Shop {
  readonly process: ChildProcess
  readonly firstLine: Line
  readonly url: string
}

async function open(): Promise<Shop> {
  const args = ['--import', 'tsx', main, '--json', '--port', '0', '--probes', '0', '--admin', '0', '--folder', folder]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, STATE_DIRECTORY: folder } })
  const lines: Interface = createInterface({ input: child.stdout })
  let firstLine: Line | undefined
  let url: string | undefined
  for await (const text of lines) {
    const line = JSON.parse(text) as Line
    firstLine ??= line
    if (line.service === 'shop/front/api' && line.url !== undefined) url = line.url
    if (line.msg === 'shop is ready') break
  }
  child.stdout.resume()
  if (firstLine === undefined || url === undefined) throw new Error('the shop did not open')
  return { process: child, firstLine, url }
}

describe('a shop that is killed', () => {
  it(`keeps what it has promised, ${KILLS} times (seed ${SEED})`, { timeout: 120_000 }, async () => {
    const random = seeded(SEED)
    const answered = new Set<string>()
    const firstLines: string[] = []
    for (let kill = 0; kill < KILLS; kill += 1) {
      const shop = await open()
      firstLines.push(shop.firstLine.msg)
      const closing = new AbortController()
      const business = customers(shop.url, 10, closing.signal, 10)
      // The moment is a number of answers, not a time: the machine's speed does not change what is tested.
      const orders = 5 + Math.floor(random() * 60)
      await business.answers(orders)
      shop.process.kill('SIGKILL')
      await once(shop.process, 'exit')
      closing.abort()
      for (const id of (await business.books).answered) answered.add(id)
    }
    const last = await open()
    firstLines.push(last.firstLine.msg)
    last.process.kill('SIGTERM')
    const [code] = (await once(last.process, 'exit')) as [number]

    const db = new Database(join(folder, 'shop.db'))
    const onDisk = new Set((db.prepare('select id from orders').all() as { id: string }[]).map(({ id }) => id))
    const shipped = (db.prepare('select order_id as id from shipments').all() as { id: string }[]).map(({ id }) => id)
    db.close()
    expect(answered.size).toBeGreaterThan(KILLS * 5)
    expect([...answered].filter((id) => !onDisk.has(id))).toEqual([])
    expect(shipped.length).toBe(new Set(shipped).size)
    expect(firstLines[0]).toBe('shop starts')
    expect(firstLines.slice(1).every((msg) => msg === 'the last run ended without a farewell')).toBe(true)
    expect(code).toBe(0)
  })
})
