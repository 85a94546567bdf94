// Who may come to the inspector: somebody who knows the token, on this machine, by a name of this machine. The last two keep out pages
// of other sites that a browser on this machine has open: one that asks in the user's name (its `Origin` is foreign), and one whose own
// name was made to point here (DNS rebinding: its `Host` is foreign).
import type { Route } from '../observe/observer.js'
import { TOKEN_HEADER, tokenCheck } from '../observe/token.js'
import { forbidden } from './refusal.js'

const OWN_NAMES: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]'])

/** Lets requests through to a route that have the token and come from here; answers the others with 403 and why. */
export function guarded(token: string, route: Route): Route {
  const isToken = tokenCheck(token)
  return (request) => {
    const refusal = refusalOf(request, isToken)
    return refusal === undefined ? route(request) : forbidden(request, refusal)
  }
}

function refusalOf(request: Request, isToken: (given: string) => boolean): string | undefined {
  const host = nameOf(`http://${request.headers.get('host') ?? ''}`)
  if (host === undefined || !OWN_NAMES.has(host)) return 'ask for it by 127.0.0.1 or localhost: another name in `Host` is refused'
  const origin = request.headers.get('origin')
  if (origin !== null && !isSameOrigin(origin, request.headers.get('host') ?? '')) return `a page of ${shown(origin)} may not ask for this`
  const given = request.headers.get(TOKEN_HEADER) ?? new URL(request.url).searchParams.get('token') ?? ''
  if (isToken(given)) return undefined
  return given === ''
    ? 'the token is missing: open the address that `quiesce inspect` prints'
    : 'the token is wrong: it is a new one at each start; `quiesce inspect` prints it'
}

function isSameOrigin(origin: string, host: string): boolean {
  return origin === `http://${host}`
}

function nameOf(url: string): string | undefined {
  try {
    return new URL(url).hostname
  } catch {
    return undefined
  }
}

// What a stranger sent is shown short, and without what could be more than text.
function shown(text: string): string {
  return JSON.stringify(text.slice(0, 80))
}
