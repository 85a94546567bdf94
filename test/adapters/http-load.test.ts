// The promise of the package: clients that keep their connections and think between requests notice nothing of a stop.
import http from 'node:http'
import { describe, expect, it } from 'vitest'
import { endingOf, serve } from './web.ts'

const CLIENTS = 30
const STOP_AFTER = 300

type Outcome = 'let go' | 'refused' | string

describe('a stop under load', () => {
  it.each([1, 2, 3, 4, 5])('breaks none of 30 keep-alive clients with think time, round %i', async (round) => {
    let served = 0
    let stop: (() => void) | undefined
    const stopped = new Promise<void>((resolve) => {
      stop = resolve
    })
    const { system, port } = await serve({
      handler: async (_req, res) => {
        served += 1
        if (served === STOP_AFTER) stop?.()
        await think(served % 7)
        res.end('hello')
      },
    })
    const clients = Array.from({ length: CLIENTS }, (_, index) => talk(port, (index * 31 + round * 17) % 23))
    await stopped
    const report = system.stop()
    const outcomes = await Promise.all(clients)
    expect(outcomes.filter((outcome) => outcome !== 'let go' && outcome !== 'refused')).toEqual([])
    expect(served).toBeGreaterThanOrEqual(STOP_AFTER)
    expect(endingOf(await report)).toMatchObject({ verdict: 'acked', forced: false, forceCancelled: 0, errors: [] })
  })
})

/** Asks on one connection until an answer says that it is the last one; a failure of the request itself is the outcome. */
async function talk(port: number, thinkMs: number): Promise<Outcome> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
  try {
    for (;;) {
      const { status, connection } = await ask(port, agent)
      if (status !== 200) return `status ${status}`
      if (connection === 'close') return 'let go'
      await think(thinkMs)
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return code === 'ECONNREFUSED' ? 'refused' : message
  } finally {
    agent.destroy()
  }
}

function ask(port: number, agent: http.Agent): Promise<{ readonly status: number | undefined; readonly connection: unknown }> {
  return new Promise((resolve, reject) => {
    const request = http.get({ port, host: '127.0.0.1', agent }, (response) => {
      response.resume()
      response.on('error', reject)
      response.on('end', () => resolve({ status: response.statusCode, connection: response.headers.connection }))
    })
    request.on('error', reject)
  })
}

function think(ms: number): Promise<void> {
  return new Promise((resolve) => (ms === 0 ? setImmediate(resolve) : setTimeout(resolve, ms)))
}
