// The listener for the platform: probes, answered in constant time from what is known already (whether the process lives, has
// started, is ready), and the hook that announces a stop.
import type { Log } from '../base/log.js'
import type { Route, Routes } from '../observe/observer.js'
import { type AdminServer, json, listenAdmin } from './admin-server.js'
import type { Settings } from './options.js'

/** What the probes ask about. */
export interface ProbeState {
  /** Whether the tree has started once. */
  started(): boolean
  /** Why it is not ready whatever the services say. */
  leave(): string | undefined
  /** The services that keep it from being ready; only the first few are read. */
  unready(): Iterable<{ readonly address: string; readonly status: string }>
  /** Answers `/prestop`; undefined where nobody may ask for it. */
  readonly prestop: Route | undefined
}

const NAMED = 5

/** What `/readyz` says, and whoever else has to say the same. */
export function isReady(state: Omit<ProbeState, 'prestop'>): boolean {
  return state.leave() === undefined && state.started() && firstOf(state.unready(), 1).length === 0
}

type Probes = NonNullable<Settings['probes']>

/** Opens the listener for probes, with the routes of others beside them. A taken port is a reason to fail only if somebody wrote it. */
export async function openProbes(probes: Probes, state: ProbeState, others: Routes, log: Log): Promise<AdminServer> {
  const routes = new Map([...others, ...probeRoutes(state)])
  const onError = (err: Error): void => log.warn({ err: { message: err.message } }, 'the probes could not take a connection')
  try {
    return await listenAdmin(probes, routes, onError)
  } catch (error) {
    if (probes.portWritten || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    const elsewhere = await listenAdmin({ ...probes, port: 0 }, routes, onError)
    log.warn({ url: elsewhere.url }, `port ${probes.port} is taken, the probes listen elsewhere; choose with \`probes.port\``)
    return elsewhere
  }
}

/** The routes of the daemon's own, whether `/prestop` may be asked for or not. Nothing is asked of this state. */
export const PROBE_ROUTES: readonly string[] = [
  ...probeRoutes({ started: () => false, leave: () => undefined, unready: () => [], prestop: () => new Response() }).keys(),
]

/** `/livez` (200 throughout), `/readyz` (503 from the first instant of a stop), `/startupz`, Kubernetes' older names, `/prestop`. */
function probeRoutes(state: ProbeState): Map<string, Route> {
  const live: Route = () => json(200, { status: 'alive' })
  const ready: Route = () => {
    if (isReady(state)) return json(200, { status: 'ready' })
    const leave = state.leave()
    return json(503, leave === undefined ? { status: 'not ready', waiting: firstOf(state.unready(), NAMED) } : { status: leave })
  }
  const startup: Route = () =>
    state.started() ? json(200, { status: 'started' }) : json(503, { status: 'starting', waiting: firstOf(state.unready(), NAMED) })
  const routes = new Map([
    ['GET /livez', live],
    ['GET /healthz', live],
    ['GET /readyz', ready],
    ['GET /ready', ready],
    ['GET /startupz', startup],
  ])
  // Hooks of Kubernetes can only GET.
  if (state.prestop !== undefined) for (const method of ['GET', 'POST']) routes.set(`${method} /prestop`, state.prestop)
  return routes
}

function firstOf<T>(items: Iterable<T>, count: number): T[] {
  const first: T[] = []
  for (const item of items) {
    if (first.length === count) break
    first.push(item)
  }
  return first
}
