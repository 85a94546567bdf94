// The hook that the platform calls before its signal. Only who knows the token may call it: it takes the daemon out of service.
import type { Log } from '../base/log.js'
import type { Route } from '../observe/observer.js'
import { TOKEN_HEADER, tokenCheck } from '../observe/token.js'
import { json } from './admin-server.js'
import type { Prestop } from './stopping.js'

/** What the hook needs. */
export interface PrestopOptions {
  readonly token: string
  readonly log: Log
  /** Takes leave of the balancers; resolves when they have had their time. */
  readonly prestop: () => Promise<Prestop>
}

/** Answers 200 when balancers have had their time; 403 without the token, which changes nothing. */
export function prestopRoute({ token, log, prestop }: PrestopOptions): Route {
  const isToken = tokenCheck(token)
  let isRefusalSaid = false
  return async (request) => {
    if (request.method === 'HEAD') return new Response(null, { status: 405, headers: { allow: 'GET, POST' } })
    // As the bytes that were sent: a header's text has one character for each.
    const given = Buffer.from(request.headers.get(TOKEN_HEADER) ?? '', 'latin1')
    if (isToken(given)) {
      const { outcome, waitedMs } = await prestop()
      return json(200, { status: outcome, waitedMs })
    }
    // Said once: whoever guesses could fill the log.
    if (!isRefusalSaid) log.warn(`a /prestop was refused: its ${TOKEN_HEADER} was missing or wrong; further refusals are not logged`)
    isRefusalSaid = true
    return json(403, { status: 'forbidden' })
  }
}
