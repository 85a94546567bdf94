// What clients are told while balancers are given time: more and more of them to come back on a new connection.
import { Agent, get } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { start } from '../support/daemon-process.js'

const TOKEN = 'swordfish'

/** Asks one request after the other, on as many connections, and notes which answers end theirs. */
class Clients {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 4 })
  readonly #url: string

  constructor(url: string) {
    this.#url = url
    onTestFinished(() => this.#agent.destroy())
  }

  /** Asks until `end`; true for each answer that asks the client to go elsewhere. */
  async askUntil(end: Promise<unknown>): Promise<boolean[]> {
    const answers: boolean[] = []
    let isOver = false
    void end.then(() => {
      isOver = true
    })
    const client = async (): Promise<void> => {
      while (!isOver) answers.push(await this.ask())
    }
    await Promise.all([client(), client(), client(), client()])
    return answers
  }

  ask(): Promise<boolean> {
    return new Promise((resolve, reject) => {
      get(this.#url, { agent: this.#agent }, (response) => {
        response.resume().on('end', () => resolve(response.headers.connection === 'close'))
      }).on('error', reject)
    })
  }
}

function shareOf(answers: readonly boolean[]): number {
  return answers.filter((isLast) => isLast).length / answers.length
}

test.each(['a signal', 'a prestop'])('after %s a growing share of answers says `Connection: close`; before it, none', async (how) => {
  const OPTIONS = JSON.stringify({ lameDuck: '3s', probes: { port: 0 } })
  const daemon = start('busy-server', { env: { OPTIONS, QUIESCE_PRESTOP_TOKEN: TOKEN } })
  const probes = await daemon.probes()
  const clients = new Clients(((await daemon.line('listening')) as unknown as { url: string }).url)
  await daemon.line('shop is ready')
  expect(await Promise.all(Array.from({ length: 50 }, () => clients.ask()))).not.toContain(true)

  const hook = how === 'a prestop' ? fetch(`${probes}/prestop`, { headers: { 'x-quiesce-token': TOKEN } }) : undefined
  if (hook === undefined) daemon.signal('SIGTERM')
  const { time } = await daemon.line(({ msg }) => msg.includes('readiness 503'))
  const answers = await clients.askUntil(daemon.line((line) => line.msg === 'tick' && line.time - time > 2_000))
  const third = Math.floor(answers.length / 3)
  expect(third).toBeGreaterThan(50)
  const [first, last] = [shareOf(answers.slice(0, third)), shareOf(answers.slice(-third))]
  expect(first).toBeGreaterThan(0)
  expect(last).toBeGreaterThan(first)
  expect(last).toBeLessThan(1)
  if (hook !== undefined) {
    await hook
    expect(shareOf(await Promise.all(Array.from({ length: 50 }, () => clients.ask())))).toBe(1)
    daemon.signal('SIGTERM')
  }
  expect((await daemon.exited).code).toBe(0)
})
