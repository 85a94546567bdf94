// The first pass of a stop: everything that takes work in from outside refuses at once, wherever it stands, and what it had accepted
// still reaches the services between.
import { once } from 'node:events'
import { request } from 'node:http'
import { createSystem, type Fact, live, service, supervisor } from 'quiesce'
import { httpServer } from 'quiesce/http'
import { describe, expect, it } from 'vitest'

function gateOf(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open!: () => void
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open }
}

describe('a server and a ticker at opposite ends of the declared order', () => {
  it('both refuse at the signal, and what they had accepted reaches the service between them', async () => {
    const handlerIn = gateOf()
    const handlerMayGoOn = gateOf()
    const tickIn = gateOf()
    const written: string[] = []

    const store = service('store', {
      start: () => (text: string) => void written.push(text),
      stop: () => void written.push('closed'),
    })
    const ticker = service('ticker', {
      edge: true,
      uses: { store },
      run: async ({ uses, draining }) => {
        tickIn.open()
        await once(draining, 'abort')
        uses.store('the last tick')
      },
    })
    const server = httpServer('server', {
      uses: { store: live(store) },
      host: '127.0.0.1',
      handler: async (_req, res, { uses }) => {
        handlerIn.open()
        await handlerMayGoOn.opened
        uses.store.get()('the last request')
        res.end('written')
      },
    })
    // Started along their uses, not as declared: the server is written first, the ticker last.
    const system = createSystem(supervisor('ends', { order: 'graph', children: [server, store, ticker] }))
    const facts: Fact[] = []
    system.on((fact) => facts.push(fact))
    await system.start()
    await tickIn.opened
    const { port } = system.ref(server).handle
    const answer = once(request({ host: '127.0.0.1', port }).end(), 'response')
    await handlerIn.opened

    const stopped = system.stop({ deadline: '10s' })
    const refusing = facts.filter(({ type }) => type === 'draining').map(({ address }) => address)
    expect(refusing).toEqual(expect.arrayContaining(['ends/server', 'ends/ticker']))
    expect(refusing).not.toContain('ends/store')
    expect(system.ref(store).status).toBe('ready')

    handlerMayGoOn.open()
    const [response] = await answer
    expect(response.statusCode).toBe(200)
    response.resume()
    const report = await stopped
    expect(written.toSorted()).toEqual(['closed', 'the last request', 'the last tick'])
    expect(written.at(-1)).toBe('closed')
    expect(facts.findLast(({ type }) => type === 'stopped')?.address).toBe('ends')
    expect(report.clean).toBe(true)
    await expect(connecting(port)).resolves.toBe('ECONNREFUSED')
  })
})

async function connecting(port: number): Promise<string | undefined> {
  const [error] = await once(request({ host: '127.0.0.1', port }).end(), 'error')
  return (error as NodeJS.ErrnoException).code
}
