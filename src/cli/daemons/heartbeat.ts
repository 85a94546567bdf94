// Whether a daemon still answers: nothing is told while nothing happens, and nothing while its event loop is blocked.
import { formatMs } from '../../base/duration.js'
import type { DaemonClient } from './client.js'
import { whySilent } from './silence.js'

const EVERY_MS = 1_000

/** Asks again and again; says what is wrong, and undefined when it is well again. Returns what ends it. */
export function heartbeat(client: DaemonClient, say: (trouble: string | undefined) => void): () => void {
  let askedAt: number | undefined
  let isTold = false
  const ask = async (): Promise<void> => {
    askedAt = performance.now()
    try {
      await client.ping()
    } catch {
      // Who reads its events hears that it has ended.
    }
    askedAt = undefined
    if (isTold) say(undefined)
    isTold = false
  }
  const timer = setInterval(() => {
    if (askedAt === undefined) return void ask()
    isTold = true
    say(`no answer for ${formatMs(performance.now() - askedAt)}: ${whySilent(client.daemon.pid)}`)
  }, EVERY_MS)
  timer.unref()
  return () => clearInterval(timer)
}
