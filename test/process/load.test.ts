// The promise of the package, kept by a real process under load: a SIGTERM breaks no request, loses none, and refuses none with 5xx.
// The harness is shown to see what it is there for: servers that do break requests.
import { connect, createServer, type Server, type Socket } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { delayProxy } from '../support/load/delay-proxy.ts'
import { count } from '../support/load/figures.ts'
import { expectNothingBroken, PROMISED_MS, SEEDS, stopUnderLoad } from '../support/load/promise.ts'
import type { Run, Scenario } from '../support/load/scenarios.ts'

describe('SIGTERM under the load of 50 keep-alive clients', () => {
  test.each(SEEDS)('breaks nothing, seed %i', async (seed) => {
    const run = await stopUnderLoad('plain', seed)
    expectNothingBroken(run)
    expect(run.afterLastMs).toBeLessThanOrEqual(PROMISED_MS)
  })

  test.each(SEEDS)('breaks nothing 10 ms away, for clients that open no new connection, seed %i', async (seed) => {
    const run = await stopUnderLoad('distant', seed)
    expectNothingBroken(run)
    expect(run.refused).toBe(0)
    expect(run.afterLastMs).toBeLessThanOrEqual(PROMISED_MS)
  })
})

describe('the harness sees', () => {
  const careless = (scenario: Scenario, how: string): Promise<Run> =>
    stopUnderLoad(scenario, 1, { fixture: 'careless', env: { CARELESS: how }, loadMs: 300, patienceMs: 500 })

  test.each(['plain', 'distant', 'balanced'] as const)('requests that a server drops when it exits at once: %s', async (scenario) => {
    const { broken, inFlightLost, ended, how } = await careless(scenario, 'exits')
    expect(broken).toBeGreaterThan(0)
    expect(inFlightLost).toBeGreaterThan(0)
    expect(how).toHaveLength(broken)
    expect(ended?.code).toBe(0)
  })

  test('requests that a server answers with 503', async () => {
    const { errorAnswers } = await careless('plain', 'refuses')
    expect(errorAnswers).toBeGreaterThan(0)
  })

  test('requests that arrive while a server closes idle connections', async () => {
    const { how } = await careless('distant', 'closes idle connections')
    expect(how.join('\n')).toMatch(/used connection, handler not begun/)
  })

  test('a server that does not end, and does not wait for it longer than the load lasts', async () => {
    const { ended, inTime, broken } = await careless('plain', 'stays')
    expect({ ended, inTime, broken }).toEqual({ ended: undefined, inTime: false, broken: 0 })
  })

  test('journals that contradict each other', () => {
    const asked = { id: '1-1', outcome: 'answered', at: 0, reused: false, detail: '200' } as const
    const handled = { begun: ['1-1'], finished: ['1-1'] }
    expect(count([asked], [handled])).toMatchObject({ answered: 1, broken: 0, inFlightLost: 0 })
    expect(() => count([asked], [{ begun: ['1-1'], finished: [] }])).toThrow('answered, but not handled: 1-1')
    expect(() => count([asked], [handled, handled])).toThrow('handled twice: 1-1')
    expect(() => count([], [handled])).toThrow('handled, but never asked: 1-1')
    expect(count([{ ...asked, outcome: 'broken' }], [handled])).toMatchObject({ broken: 1, inFlightLost: 1 })
  })
})

describe('the proxy that is 10 ms away', () => {
  test('brings bytes late, in order, in both directions, and the end of each direction by itself', async () => {
    const { near, far } = await ends()
    const heard = hear(far)
    let isDue = false
    setTimeout(() => {
      isDue = true
    }, 10)
    for (let index = 0; index < 100; index += 1) near.write(`${index} `)
    near.end('last')
    const wasDue = new Promise((resolve) => far.once('data', () => resolve(isDue)))
    expect(await wasDue).toBe(true)
    expect(await heard).toBe(`${Array.from({ length: 100 }, (_, index) => `${index} `).join('')}last`)
    const answer = hear(near)
    far.end('answered after the end of the question')
    expect(await answer).toBe('answered after the end of the question')
  })

  test('brings resets', async () => {
    const { near, far } = await ends()
    const failed = new Promise<NodeJS.ErrnoException>((resolve) => near.once('error', resolve))
    far.resetAndDestroy()
    expect((await failed).code).toBe('ECONNRESET')
  })
})

/** The two ends of a connection through the proxy. */
async function ends(): Promise<{ readonly near: Socket; readonly far: Socket }> {
  const server: Server = createServer({ allowHalfOpen: true })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve))
  const proxy = await delayProxy(port, 10)
  const near = connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true })
  onTestFinished(async () => {
    near.destroy()
    await proxy[Symbol.asyncDispose]()
    server.close()
  })
  return { near, far: await accepted }
}

/** All that an end hears until the other one ends. */
async function hear(socket: Socket): Promise<string> {
  let text = ''
  for await (const bytes of socket.setEncoding('utf8').iterator({ destroyOnReturn: false })) text += bytes
  return text
}
