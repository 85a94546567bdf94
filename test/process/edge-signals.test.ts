// Signals, as people, terminals and init systems send them, and uncaught errors, while answers are owed.
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { type EdgeDaemon, expectCutOff, expectKept, expectWhole, startEdge } from '../support/edge-daemon.js'

const COPIES_MS = 500
const CLOSE = /\r\nconnection: close\r\n/i

// Until a line of the log shows that a further signal is a deliberate one.
async function deliberate({ daemon }: EdgeDaemon): Promise<void> {
  const { time: since } = await daemon.line('drain started')
  await daemon.line(({ msg, time }) => msg === 'tick' && time - since > COPIES_MS + 20)
}

describe('signals while a request is in flight', () => {
  test.each(['SIGINT', 'SIGHUP'] as const)('%s is taken as SIGTERM is: the request is answered, exit 0', async (name) => {
    const edge = await startEdge()
    const client = await edge.ask('/held')
    await edge.signal(name)
    edge.daemon.tell('finish')
    expect(await client.answers(1, 'answered')).toMatch(CLOSE)
    expect(await client.closed).toBe('ended')
    const ended = await edge.ended()
    expectKept(ended)
    expect(ended.report.reason).toBe(name)
  })

  test('20 signals within 100 ms are one sequence, and the request is answered', async () => {
    const edge = await startEdge()
    const client = await edge.ask('/held')
    edge.began()
    // Apart from each other, or the kernel would deliver one for all.
    for (let count = 0; count < 20; count += 1) {
      edge.daemon.signal(count % 3 === 0 ? 'SIGINT' : 'SIGTERM')
      if (edge.sinceBegan < 100) await pause(4)
    }
    await edge.draining()
    edge.daemon.tell('finish')
    expect(await client.answers(1, 'answered')).toMatch(CLOSE)
    expect(await client.closed).toBe('ended')
    expectKept(await edge.ended())
  })

  test('SIGINT to the whole process group, twice within milliseconds, as a terminal and a package manager send it', async () => {
    // The shell outlives the signals and passes each on once more, as npm does.
    const passesOn = 'trap "kill -INT \\$pid" INT; exec 3<&0; "$@" <&3 & pid=$!'
    const shell = `${passesOn}; code=129; while [ $code -gt 128 ]; do wait $pid; code=$?; done; exit $code`
    const edge = await startEdge({ group: true, shell })
    const client = await edge.ask('/held')
    const group = -(edge.daemon.child.pid as number)
    edge.began()
    process.kill(group, 'SIGINT')
    process.kill(group, 'SIGINT')
    await edge.draining()
    edge.daemon.tell('finish')
    expect(await client.answers(1, 'answered')).toMatch(CLOSE)
    expect(await client.closed).toBe('ended')
    expectKept(await edge.ended())
  })

  test('a second, deliberate signal hurries a request that would take 8 s: 503 at once, exit 3 long before the grace is over', async () => {
    const edge = await startEdge({ grace: '25s' })
    const client = await edge.ask('/after/8000')
    await edge.signal()
    await deliberate(edge)
    edge.daemon.signal('SIGTERM')
    await client.answers(1, 'Service Unavailable\n')
    expect(client.received).toMatch(/^HTTP\/1\.1 503 /)
    expect(await client.closed).toBe('ended')
    const ended = await edge.ended()
    // Half a second until the signal is a deliberate one, and the time of closing.
    expectCutOff(ended, { requests: 1, graceMs: 3_000, left: ['Timeout'] })
    expect(ended.stderr).toBe('quiesce: SIGTERM again: no more waiting for accepted work; once more exits at once\n')
  })
})

describe('an uncaught error', () => {
  test('during the drain does not cut off the answer that is owed; the exit code is 1, since nobody owns it', async () => {
    const edge = await startEdge()
    const client = await edge.ask('/held')
    await edge.signal()
    edge.daemon.tell('unowned')
    await edge.daemon.line('an uncaught error that belongs to no service: the daemon ends')
    edge.daemon.tell('finish')
    expect(await client.answers(1, 'answered')).toMatch(CLOSE)
    expect(await client.closed).toBe('ended')
    expectKept(await edge.ended(), 1)
  })

  test('of a request during the drain does not cut off what is owed to others; the exit code is 3, the report has it', async () => {
    const edge = await startEdge()
    const [faulty, other] = [await edge.ask('/faulty'), await edge.ask('/held')]
    await edge.signal()
    edge.daemon.tell('fail')
    await edge.daemon.line(({ err }) => (err as Error | undefined)?.message === 'a forgotten timer')
    edge.daemon.tell('finish')
    for (const client of [faulty, other]) {
      expect(await client.answers(1, 'answered')).toMatch(CLOSE)
      expect(await client.closed).toBe('ended')
    }
    const ended = await edge.ended()
    expectWhole(ended, { code: 3 })
    expect(ended.report).toMatchObject({ forceCancelled: 0, totals: { acked: 1, failed: 1, killed: 0, abandoned: 0 } })
    expect(ended.report.errors).toEqual([expect.objectContaining({ address: 'shop/api', message: 'Error: a forgotten timer' })])
  })

  test('in normal life that belongs to no service ends the daemon, and all requests in flight are answered; exit 1', async () => {
    const edge = await startEdge()
    const clients = await Promise.all(Array.from({ length: 10 }, () => edge.ask('/held')))
    edge.began()
    edge.daemon.tell('unowned')
    await edge.draining()
    edge.daemon.tell('finish')
    for (const client of clients) {
      expect(await client.answers(1, 'answered')).toMatch(CLOSE)
      expect(await client.closed).toBe('ended')
    }
    const ended = await edge.ended()
    expectKept(ended, 1)
    expect(ended.report).toMatchObject({ reason: 'uncaught error', inFlight: 10 })
  })
})
