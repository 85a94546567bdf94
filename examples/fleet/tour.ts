// The tour: a standby refuses, a leader hands over in order under load, a leader is killed and replaced; then the books are compared:
// what clients were promised and what the ledger says.
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ask, type Books, clients } from './clients.ts'
import { Daemon, freePorts, type Line, lineOfAny } from './fleet.ts'
import { Ledger } from './ledger.ts'

const CLIENTS = 12
const BUSINESS_MS = 1_500

/** What is checked at the end: its name, its value, whether it is as it should be. */
type Row = readonly [name: string, value: string | number, isRight: boolean]

/** Runs the tour; resolves with the exit code: 0 when all is as promised. */
export async function tour(): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'fleet-'))
  const ports = await freePorts(3)
  const daemons = ports.map((port, at) => new Daemon('abc'.charAt(at), `http://127.0.0.1:${port}`, folder))
  try {
    return await tourOf(daemons, folder)
  } finally {
    for (const daemon of daemons) daemon.process.kill('SIGKILL')
    await Promise.all(daemons.map((daemon) => daemon.ended))
    await rm(folder, { recursive: true, force: true })
  }
}

async function tourOf(daemons: readonly Daemon[], folder: string): Promise<number> {
  const rows: Row[] = []
  say('1. Three daemons start. All are ready; one of them leads.')
  await Promise.all(daemons.map((daemon) => daemon.line(({ msg }) => msg.endsWith(' is ready'))))
  const [first] = await lineOfAny(daemons, leadsIn(1))

  say('2. A job for a standby is refused before anything has begun.')
  const standby = daemons.find((daemon) => daemon !== first) as Daemon
  rows.push(await refusal(standby, first))

  say(`3. ${CLIENTS} clients at work. SIGTERM for the leader: it finishes, hands over, ends.`)
  const closing = new AbortController()
  const urls = daemons.map(({ url }) => url)
  const business = clients(urls, CLIENTS, closing.signal)
  await sleep(BUSINESS_MS)
  const left = daemons.filter((daemon) => daemon !== first)
  first.process.kill('SIGTERM')
  const [second, promoted] = await lineOfAny(left, leadsIn(2))
  const steppedDown = await first.line(({ msg }) => msg === 'stepped down')
  rows.push(['handed over, ms', promoted.time - steppedDown.time, promoted.time >= steppedDown.time])
  await sleep(BUSINESS_MS)

  say('4. kill -9 for the next leader: the last one takes over.')
  const third = left.find((daemon) => daemon !== second) as Daemon
  const killedAt = Date.now()
  second.process.kill('SIGKILL')
  const tookOver = await third.line((line) => leadsIn(3)(line))
  rows.push(['taken over, ms', tookOver.time - killedAt, true])
  await sleep(BUSINESS_MS)

  say('5. The clients go home. SIGTERM for the last one.')
  closing.abort()
  const books = await business
  third.process.kill('SIGTERM')
  const codes = await Promise.all([first, second, third].map((daemon) => daemon.ended))
  rows.push(['exit codes', codes.join(' '), codes.join(' ') === '0 SIGKILL 0'])

  const holders = [first, second, third].map(({ url }) => url)
  rows.push(...balance(books, folder, holders))
  console.log()
  for (const [name, value, isRight] of rows) console.log(`  ${isRight ? '✓' : '✗'} ${name.padEnd(24)}${String(value).padStart(12)}`)
  return rows.every(([, , isRight]) => isRight) ? 0 : 1
}

async function refusal(standby: Daemon, leader: Daemon): Promise<Row> {
  // Who leads it learns a moment after the leader itself; until then it cannot say.
  for (let asked = 0; asked < 100; asked += 1) {
    const came = await ask(standby.url, `refused ${randomUUID()}`)
    if (came === undefined || 'number' in came) break
    if (came.leader !== undefined) {
      console.log(`   ${standby.name} answers ${came.status}: ask ${came.leader}, which is ${leader.name}`)
      return ['a standby refuses', came.status, came.status === 503 && came.leader === leader.url]
    }
    await sleep(50)
  }
  return ['a standby refuses', 'no', false]
}

function balance(books: Books, folder: string, holders: readonly string[]): Row[] {
  const ledger = new Ledger(folder)
  const { entries, terms } = ledger
  ledger.close()
  const jobs = entries.filter(({ what }) => !what.startsWith('term '))
  const begins = entries.filter(({ what }) => what.startsWith('term '))
  const lost = [...books.answered].filter(([job, number]) => entries[number - 1]?.what !== job).length
  const doubled = jobs.length - new Set(jobs.map(({ what }) => what)).size
  const gaps = entries.filter(({ number }, at) => number !== at + 1).length
  const back = entries.filter(({ term }, at) => term < (entries[at - 1]?.term ?? 0)).length
  const holderOf = new Map(terms.map(({ term, holder }) => [term, holder]))
  const foreign = entries.filter(({ term, writer }) => holderOf.get(term) !== writer).length
  const asSeen = terms.map(({ holder }) => holder).join() === holders.join() && terms.every(({ term }, at) => term === at + 1)
  say('The ledger on how each term began:')
  for (const { number, what } of begins) console.log(`   ${String(number).padStart(5)}  ${what}`)
  const hows = ['the first', 'nothing in flight', 'without a word']
  return [
    ['jobs answered', books.answered.size, books.answered.size > 0 && books.failed.length === 0],
    ['… in the ledger', jobs.length, jobs.length === books.answered.size],
    ['… lost', lost, lost === 0],
    ['… doubled', doubled, doubled === 0],
    ['gaps in the ledger', gaps, gaps === 0],
    ['terms that go back', back, back === 0],
    ['written by others', foreign, foreign === 0],
    [
      'terms',
      terms.map(({ term }) => term).join(' '),
      asSeen && begins.length === 3 && begins.every(({ what }, at) => what.endsWith(hows[at] as string)),
    ],
    ['asked again: refused', books.refused, books.refused > 0],
    ['asked again: broken', books.broken, true],
  ]
}

function leadsIn(term: number): (line: Line) => boolean {
  return (line) => line.msg === 'leads' && line.term === String(term)
}

function say(text: string): void {
  console.log(`\n${text}`)
}
