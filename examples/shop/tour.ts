// The shop's whole life in half a minute: it starts, sells under load, loses its fulfilment and gets it back, is told to stop in the
// middle of business, and then the books are compared: what customers were promised, what lies on disk, what the report says.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import Database from 'libsql'
import type { Report } from 'quiesce'
import { drawTimeline } from 'quiesce'
import { type Books, customers } from './load.ts'

const CUSTOMERS = 20
const BUSINESS_MS = 4_000
const PATIENCE_MS = 15_000

interface Line {
  readonly msg: string
  readonly service?: string
  readonly url?: string
  readonly report?: Report
  readonly tookMs?: number
}

/** Runs the tour; resolves with the exit code: 0 when all books agree. */
export async function tour(): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'quiesce-shop-'))
  const daemon = new ShopProcess(folder)
  try {
    return await tourIn(folder, daemon)
  } finally {
    daemon.process.kill('SIGKILL')
    await rm(folder, { recursive: true, force: true })
  }
}

async function tourIn(folder: string, daemon: ShopProcess): Promise<number> {
  say('1. The shop starts, in order; every line is an acknowledgement.')
  const { url } = await daemon.line((line) => line.service === 'shop/front/api' && line.url !== undefined)
  await daemon.line((line) => line.msg === 'shop is ready')

  say(`2. ${CUSTOMERS} customers order on keep-alive connections.`)
  const closing = new AbortController()
  const business = customers(url as string, CUSTOMERS, closing.signal)
  await sleep(BUSINESS_MS)

  say('3. The fulfilment breaks; its supervisor starts it again. Nobody outside notices.')
  const back = daemon.line((line) => line.service === 'shop/back/fulfilment' && line.msg === 'ready', daemon.lines.length)
  await fetch(`${url}/crash`, { method: 'POST', headers: { connection: 'close' } })
  await back
  await sleep(BUSINESS_MS)

  say('4. SIGTERM in the middle of business: no new customers, accepted orders are answered, the database closes last.')
  daemon.process.kill('SIGTERM')
  const [code] = (await once(daemon.process, 'exit')) as [number | null]
  closing.abort()
  return balance(await business.books, folder, daemon, code)
}

function balance(books: Books, folder: string, daemon: ShopProcess, code: number | null): number {
  const report = daemon.lines.find((line) => line.report !== undefined)?.report
  if (report === undefined) throw new Error('the shop ended without a report')
  const db = new Database(join(folder, 'shop.db'))
  const onDisk = new Set((db.prepare('select id from orders').all() as { id: string }[]).map(({ id }) => id))
  const { twice } = db.prepare('select count(*) as twice from (select 1 from shipments group by order_id having count(*) > 1)').get() as {
    twice: number
  }
  db.close()
  const missing = [...books.answered].filter((id) => !onDisk.has(id)).length
  const restarts = daemon.lines.filter((line) => line.msg.startsWith('restart ')).length
  const rows: [string, string | number, boolean][] = [
    ['orders accepted', books.answered.size + books.failed.size, books.answered.size > 0],
    ['orders answered', books.answered.size, books.failed.size === 0],
    ['orders on disk', onDisk.size, onDisk.size === books.answered.size && missing === 0],
    ['failed', books.failed.size, books.failed.size === 0],
    ['fulfilled twice', twice, twice === 0],
    ['restarts', restarts, restarts === 1],
    ['drain', `${Math.round(report.tookMs)} ms`, report.clean],
    ['exit code', String(code), code === 0],
  ]
  console.log(`\n${drawTimeline(report)}\n`)
  for (const [name, value, isRight] of rows) console.log(`  ${isRight ? '✓' : '✗'} ${name.padEnd(18)}${String(value).padStart(10)}`)
  for (const [id, why] of [...books.failed].slice(0, 5)) console.log(`    order ${id}: ${why}`)
  return rows.every(([, , isRight]) => isRight) ? 0 : 1
}

function say(text: string): void {
  console.log(`\n${text}`)
}

/** The shop in a process of its own, its log read line by line. */
class ShopProcess {
  readonly process: ChildProcess
  readonly lines: Line[] = []
  readonly #waiting = new Set<{ readonly matches: (line: Line) => boolean; readonly resolve: (line: Line) => void }>()

  constructor(folder: string) {
    const main = fileURLToPath(new URL('./main.ts', import.meta.url))
    const args = ['--import', 'tsx', main, '--json', '--port', '0', '--probes', '0', '--admin', '0', '--folder', folder]
    this.process = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    createInterface({ input: this.process.stdout as NodeJS.ReadableStream }).on('line', (text) => this.#take(JSON.parse(text) as Line))
  }

  /** The first line that matches, of those that came or will come after the first `from`. Rejects when the shop ends before. */
  line(matches: (line: Line) => boolean, from = 0): Promise<Line> {
    return new Promise((resolve, reject) => {
      setTimeout(() => reject(new Error(`the shop said nothing of the kind within ${PATIENCE_MS} ms`)), PATIENCE_MS).unref()
      const known = this.lines.slice(from).find(matches)
      if (known !== undefined) return resolve(known)
      this.#waiting.add({ matches, resolve })
      this.process.once('exit', (code) => reject(new Error(`the shop ended with code ${code}`)))
    })
  }

  #take(line: Line): void {
    this.lines.push(line)
    const about = [line.service, line.msg, line.tookMs === undefined ? undefined : `${Math.round(line.tookMs)} ms`]
    if (line.report === undefined) console.log(`   ${about.filter((part) => part !== undefined).join('  ')}`)
    for (const waiter of this.#waiting) {
      if (!waiter.matches(line)) continue
      this.#waiting.delete(waiter)
      waiter.resolve(line)
    }
  }
}
