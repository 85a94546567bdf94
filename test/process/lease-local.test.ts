// The lease of one host, in real processes: they are killed, stopped, race each other, live in containers, and end by themselves.
import { spawnSync } from 'node:child_process'
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { Player, Reports } from '../leases/bench.js'
import { LeaseProcess } from '../leases/lease-process.js'
import { temporaryFolder } from '../support/daemon-process.js'

const ELECTION = 'billing'
const LINE = 'No network namespaces here (unshare, Linux): the lease of one host is not tested between containers\n'
const UNSHARE = ['unshare', ...(process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']), '--net', '--']
const canUnshare = spawnSync(UNSHARE[0] as string, [...UNSHARE.slice(1), 'true'], { stdio: 'ignore' }).status === 0
if (!canUnshare) process.stdout.write(LINE)

let directory: string
let holder: LeaseProcess
let player: Player

beforeEach(() => {
  directory = temporaryFolder()
})

describe.skipIf(process.platform !== 'linux')('the lease of one host', () => {
  test('is free at once when its holder is killed, and those who watch are told', async () => {
    await held()
    const next = playerIn(await start())
    const reports = new Reports(next.lease)
    await next.read()
    expect((await next.acquire()).ok).toBe(false)
    holder.child.kill('SIGKILL')
    // Told by the kernel: no lease is waited for.
    await reports.until(async () => (await next.read()).phase === 'vacant')
    expect(await next.lead()).toMatchObject({ term: 2n, lastExit: undefined })
  })

  test('is watched also when somebody has swept its sockets out of the folder', async () => {
    await held()
    for (const name of readdirSync(directory)) if (name.endsWith('.sock')) rmSync(join(directory, name))
    const next = playerIn(await start())
    const reports = new Reports(next.lease)
    expect((await next.read()).phase).toBe('held')
    holder.child.kill('SIGKILL')
    await reports.until(async () => (await next.read()).phase === 'vacant')
    expect((await next.lead()).term).toBe(2n)
  })

  test('is still held while its holder is stopped, and after it goes on', async () => {
    await held()
    const others = [playerIn(await start()), playerIn(await start())]
    holder.child.kill('SIGSTOP')
    for (let attempt = 0; attempt < 50; attempt += 1) for (const other of others) expect((await other.acquire()).ok).toBe(false)
    expect(await others[0]?.read()).toMatchObject({ term: 1n, phase: 'held', holder: player.me })
    // A wish does not need a holder that runs.
    expect((await others[0]?.wish('other', 'n1'))?.ok).toBe(true)
    holder.child.kill('SIGCONT')
    expect(await player.renew(1n)).toMatchObject({ ok: true, record: { term: 1n, handover: { to: 'other', nonce: 'n1' } } })
    expect((await others[1]?.acquire())?.ok).toBe(false)
  })

  test('is still held by one that is stopped when more looked than can wait at its door', async () => {
    await held()
    holder.child.kill('SIGSTOP')
    const other = playerIn(await start())
    for (let look = 0; look < 1_200; look += 1) expect((await other.read()).phase).toBe('held')
    expect((await other.acquire()).ok).toBe(false)
    holder.child.kill('SIGCONT')
    expect((await player.release(1n)).ok).toBe(true)
    expect((await other.lead()).term).toBe(2n)
  })

  test('two processes race for it 200 times: one is granted it each time', async () => {
    const racers = [playerIn(await start()), playerIn(await start())]
    const wins = [0, 0]
    for (let round = 1n; round <= 200n; round += 1n) {
      const claims = await Promise.all(racers.map(async (racer) => racer.claim(await racer.read())))
      const answers = await Promise.all(racers.map((racer, index) => racer.lease.acquire(claims[index] as (typeof claims)[0], never())))
      const winner = answers.findIndex(({ ok }) => ok)
      expect(answers.map(({ ok }) => ok).sort()).toEqual([false, true])
      expect(answers[winner]?.record.term).toBe(round)
      wins[winner] = (wins[winner] ?? 0) + 1
      expect((await racers[winner]?.release(round))?.ok).toBe(true)
    }
    expect(wins.reduce((sum, count) => sum + count)).toBe(200)
  })

  test('three processes, each at its own pace: no term twice, none left out', async () => {
    await striving([await start(), await start(), await start()])
  })

  test('processes that are killed at any moment leave a record that leads on', async () => {
    const next = playerIn(await start())
    let last = 0n
    for (let round = 1; round <= 5; round += 1) {
      const striver = await start()
      striver.tell('strive', 1_000).catch(() => {})
      await striver.hasBeenGranted(round * 3)
      await striver.kill()
      const { term } = await next.lead()
      // The grant of which it could not tell any more may have been written.
      expect([0n, 1n]).toContain(term - 1n - (striver.granted.at(-1) ?? 0n))
      expect(term > last).toBe(true)
      last = term
      await next.release(term)
    }
  })

  test('is free when its holder is killed, though a child of the holder lives on', async () => {
    await held()
    const child = await holder.tell<number>('beget')
    onTestFinished(() => void process.kill(child, 'SIGKILL'))
    await holder.kill()
    expect((await playerIn(await start()).lead()).term).toBe(2n)
    expect(process.kill(child, 0)).toBe(true)
  })

  test('keeps no process alive: who holds it and has nothing else to do ends, as does who watches', async () => {
    await held()
    const [watcher, witness] = [await start(), await start()]
    for (const { lease } of [watcher, witness]) {
      new Reports(lease)
      for (let look = 0; look < 10; look += 1) expect((await lease.read()).phase).toBe('held')
    }
    // The watcher while it watches somebody, the holder while it is watched.
    for (const each of [watcher, holder]) {
      await each.tell('leave')
      expect(await each.exited).toEqual({ code: 0, signal: null })
    }
    expect((await playerIn(witness).lead()).term).toBe(2n)
  })

  test('workers of one cluster compete like other processes', async () => {
    const workers = await LeaseProcess.cluster(directory, ELECTION, 3)
    onTestFinished(async () => void (await Promise.all(workers.map((worker) => worker.kill()))))
    const [first, ...others] = workers.map(playerIn)
    await first?.lead()
    for (const other of others) expect((await other.acquire()).ok).toBe(false)
    // Also by the abstract socket alone, which a primary would share out among its workers if it were asked to.
    for (const name of readdirSync(directory)) if (name.endsWith('.sock')) rmSync(join(directory, name))
    for (const other of others) expect((await other.acquire()).ok).toBe(false)
    await workers[0]?.kill()
    expect((await others[0]?.lead())?.term).toBe(2n)
  })

  describe.skipIf(!canUnshare)('between network namespaces, from which the abstract socket cannot be seen', () => {
    test('a holder is respected, and followed at once when it is killed', async () => {
      await held()
      const other = playerIn(await start(UNSHARE))
      const reports = new Reports(other.lease)
      expect(await other.read()).toMatchObject({ term: 1n, phase: 'held', holder: player.me })
      expect((await other.acquire()).ok).toBe(false)
      holder.child.kill('SIGSTOP')
      expect((await other.acquire()).ok).toBe(false)
      holder.child.kill('SIGKILL')
      await reports.until(async () => (await other.read()).phase === 'vacant')
      expect((await other.lead()).term).toBe(2n)
      expect((await playerIn(await start()).acquire()).ok).toBe(false)
    })

    test('three processes, each at its own pace: no term twice, none left out', async () => {
      await striving([await start(), await start(UNSHARE), await start(UNSHARE)])
    })
  })
})

/** A process with a handle; it is ended with the test. */
async function start(before: readonly string[] = []): Promise<LeaseProcess> {
  const started = await LeaseProcess.start(directory, ELECTION, before)
  onTestFinished(() => started.kill())
  return started
}

function playerIn({ lease, child }: LeaseProcess): Player {
  return new Player(lease, { id: String(child.pid), incarnation: `life of ${child.pid}` }, 1_000)
}

/** `holder` holds the lease in term 1, as `player`. */
async function held(): Promise<void> {
  holder = await start()
  player = playerIn(holder)
  await player.lead()
}

async function striving(strivers: readonly LeaseProcess[]): Promise<void> {
  const terms = (await Promise.all(strivers.map((striver) => striver.tell<bigint[]>('strive', 200)))).flat()
  const sorted = terms.toSorted((a, b) => Number(a - b))
  expect(sorted).toEqual(sorted.map((_, index) => BigInt(index + 1)))
  expect(terms.length).toBeGreaterThan(0)
}

function never(): AbortSignal {
  return new AbortController().signal
}
