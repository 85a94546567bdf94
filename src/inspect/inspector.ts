// The inspector of a daemon, at `/inspect` on its admin server: the page, the frames that it draws, and what it may ask for.
import { randomBytes } from 'node:crypto'
import { controlRoute } from '../observe/controls.js'
import type { Attachment, Observed, Observer, Route } from '../observe/observer.js'
import { eventsRoute, stateRoute } from '../observe/watch/watch-routes.js'
import { type Problems, show } from '../protocol/spec.js'
import { guarded } from './guard.js'
import { PAGE_HEADERS, readPage } from './page-file.js'

/** How a daemon may be looked at. */
export interface InspectorOptions {
  /** Whether the page may restart, drain, kill and have leaders step down; it asks before it does. Default false: it only looks. */
  readonly controls?: boolean
  /** The secret in the page's address. Default: a new one at each start; `quiesce inspect` prints the whole address. */
  readonly token?: string
}

const TOKEN_BYTES = 24
const SHORTEST_TOKEN = 16

/**
 * The inspector: `run(tree, { observers: [inspector()] })` answers `/inspect` on the daemon's admin server, on 127.0.0.1 only. Whoever
 * comes needs the token, and to ask by a name of this machine; pages of other origins are refused. What has happened before somebody
 * looks is kept in a ring of 10 000 facts.
 *
 * What is wrong with the options is reported in the `SpecError` (ERR_SPEC) of `run`.
 *
 * @example
 * ```ts
 * import { run, service, supervisor } from 'quiesce'
 * import { inspector } from 'quiesce/inspect'
 *
 * const db = service('db', { start: () => 'connected' })
 * const stop = new AbortController()
 * const options = { signal: stop.signal, log: false, probes: false, marker: false, admin: { port: 0 } } as const
 * const report = await run(supervisor('shop', { children: [db] }), {
 *   ...options,
 *   observers: [inspector({ controls: true })],
 *   onReady: () => stop.abort(),
 * })
 * console.log(report.clean) // true
 * ```
 */
export function inspector(options: InspectorOptions = {}): Observer {
  const { controls = false, token = randomBytes(TOKEN_BYTES).toString('base64url') } = options
  return {
    name: 'inspector',
    check: (problems) => checkOptions(options, problems),
    attach: (observed) => attach(observed, controls, token),
  }
}

function attach({ watch, system, log }: Observed, controls: boolean, token: string): Attachment {
  watch.keep()
  const page: Route = () => new Response(readPage(), { headers: PAGE_HEADERS })
  const routes: [string, Route][] = [
    ['GET /inspect', page],
    ['GET /inspect/state', stateRoute(watch, controls)],
    ['GET /inspect/events', eventsRoute(watch, controls)],
  ]
  if (controls) routes.push(['POST /inspect/control', controlRoute(system, log)])
  return {
    admin: new Map(routes.map(([path, route]) => [path, guarded(token, route)])),
    page: `/inspect?token=${encodeURIComponent(token)}`,
  }
}

function checkOptions({ controls, token }: InspectorOptions, problems: Problems): void {
  if (controls !== undefined && typeof controls !== 'boolean')
    problems.add('inspector', `\`controls\` is ${show(controls)}; write true or false`)
  if (token !== undefined && (typeof token !== 'string' || token.length < SHORTEST_TOKEN))
    problems.add('inspector', `\`token\` has to be a text of ${SHORTEST_TOKEN} characters or more: whoever guesses it sees the daemon`)
}
