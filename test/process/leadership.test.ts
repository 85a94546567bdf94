// Leaders as real processes: what one may not do any more it does not do, however it was stopped, killed or cut off; and when one goes,
// another one leads.
import { describe, expect, test } from 'vitest'
import { campaign } from '../campaign/campaign.js'
import { Fleet, type StoreName } from '../campaign/fleet.js'
import { replay } from '../campaign/ledger.js'
import { checkBuild, start } from '../support/daemon-process.js'
import { skipsPostgres } from '../support/postgres-server.js'

const isLinux = process.platform === 'linux'
if (!isLinux) process.stdout.write('No Linux here: leaders over the local lease are not tested as processes\n')

const skips: Readonly<Record<StoreName, boolean>> = { local: !isLinux, postgres: skipsPostgres }
const SEED = 20_261_120
// Each fault once.
const ROUNDS = 8

describe.each(Object.keys(skips) as StoreName[])('three processes over %s', (store) => {
  test.skipIf(skips[store])(
    `are stopped, continued, killed and ended (seed ${SEED}): nothing stale is accepted, nothing is lost or doubled, somebody leads again`,
    { timeout: 120_000 },
    async () => {
      checkBuild()
      const { violations, terms, writes, handedOver, played } = await campaign({ store, rounds: ROUNDS, seed: SEED })
      expect(violations).toEqual([])
      expect(Object.keys(played)).toHaveLength(ROUNDS)
      // The faults that end a term, and the order that is kept in a handover.
      expect(terms).toBeGreaterThan(5)
      expect(handedOver).toBeGreaterThan(0)
      expect(writes).toBeGreaterThan(ROUNDS)
    },
  )
})

test.skipIf(skipsPostgres)(
  'a leader that is stopped between its check and its sending, and goes on when another one leads: the fence refuses it',
  { timeout: 60_000 },
  async () => {
    checkBuild()
    await using fleet = await Fleet.open('postgres', 2, {})
    const { writer } = await fleet.ledger.nextWrite('after the start', () => true, 30_000)
    const first = fleet.members.find(({ id }) => id === writer)
    first?.daemon.tell('stop before the next write')
    await fleet.ledger.nextWrite('after the leader was stopped', (one) => one.writer !== writer, 30_000)
    first?.daemon.signal('SIGCONT')
    const stale = await fleet.ledger.next('of the old term', (one) => one.writer === writer, 30_000)
    expect(stale).toMatchObject({ what: 'write', isAccepted: false })
    await first?.daemon.line('lost the lease')
    expect(replay(fleet.ledger.history)).toMatchObject({ staleRefused: 1, violations: [] })
  },
)

test.skipIf(skipsPostgres)('a fence that shoots: a stopped leader is dead before the next one leads', { timeout: 60_000 }, async () => {
  checkBuild()
  await using fleet = await Fleet.open('postgres', 2, { shoots: true })
  const { writer } = await fleet.ledger.nextWrite('after the start', () => true, 30_000)
  const [first, second] = fleet.members.sort((a) => (a.id === writer ? -1 : 1))
  if (first === undefined || second === undefined) throw new Error('two were started')
  fleet.signal(first, 'SIGSTOP')
  await fleet.ledger.nextWrite('after the leader was stopped', (one) => one.writer === second.id, 30_000)
  expect((await first.daemon.exited).signal).toBe('SIGKILL')
  const story = second.daemon.lines.map(({ msg }) => msg).filter((msg) => ['the one before is gone', 'leads'].includes(msg))
  expect(story).toEqual(['the one before is gone', 'leads'])
  expect(second.daemon.lines.find(({ msg }) => msg === 'the one before is gone')).toMatchObject({ pid: first.daemon.child.pid })
  expect(replay(fleet.ledger.history).violations).toEqual([])
})

test('75: guarded work that ignores its abort does not outlive the lease; the last line names it', async () => {
  const daemon = start('stubborn', { env: { HOW: 'stubborn' } })
  await daemon.line('sending')
  daemon.tell('outage')
  const { code, stderr } = await daemon.exited
  expect(code).toBe(75)
  expect(stderr).toBe('quiesce: halted by app/jobs: its lease has run out and send invoice 17 still runs; nothing was drained or flushed\n')
})

test('guarded work that ends when it is aborted lets the process live: it has lost the lease, and is a standby', async () => {
  const daemon = start('stubborn', { env: { HOW: 'obedient' } })
  await daemon.line('sending')
  daemon.tell('outage')
  expect(await daemon.line('lost the lease')).toMatchObject({ why: 'it was not renewed in time', running: [] })
  await daemon.line('gave up sending')
  daemon.signal('SIGTERM')
  expect((await daemon.exited).code).toBe(0)
})
