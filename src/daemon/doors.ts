// Where a running daemon can be asked: the listener of the probes, for the platform; the Unix socket, for its owner's command line; and,
// where an observer has a page for people, a port on this machine only. The last two are a help: without them the daemon runs on.
import type { Log } from '../base/log.js'
import { logError } from '../base/log-error.js'
import { controlRoute } from '../observe/controls.js'
import type { Route, Routes } from '../observe/observer.js'
import type { Watch } from '../observe/watch/watch.js'
import { eventsRoute, stateRoute } from '../observe/watch/watch-routes.js'
import type { System } from '../tree/system.js'
import { type AdminServer, json, listenAdmin } from './admin-server.js'
import { prepareSocket, removeSocket, socketFolder } from './control-socket.js'
import type { Settings } from './options.js'
import { openProbes, type ProbeState } from './probes.js'
import { shareListener } from './shared-listener.js'

/** What the doors lead to. */
export interface Inside {
  readonly system: System
  readonly watch: Watch
  readonly log: Log
  /** Of the observers. */
  routes(kind: 'probes' | 'admin'): Routes
  /** The path of their page for people. */
  readonly page: string | undefined
  /** Where the reports of its stops are kept. */
  readonly reportFile: string | undefined
}

/** The open doors of one daemon. */
export class Doors {
  readonly #inside: Inside
  #probes: AdminServer | undefined
  #admin: AdminServer | undefined
  #socket: AdminServer | undefined
  #forgetExit = (): void => {}

  constructor(inside: Inside) {
    this.#inside = inside
  }

  /** @throws the error of a port that was written and cannot be had. */
  async openProbes(probes: NonNullable<Settings['probes']>, state: ProbeState): Promise<void> {
    const { log, routes } = this.#inside
    this.#probes = await openProbes(probes, state, routes('probes'), log)
    log.info({ url: this.#probes.url }, 'probes')
  }

  /** Opens what is for people. What cannot be opened is told to the log. */
  async openAdmin({ folder, port, portWritten }: NonNullable<Settings['admin']>): Promise<void> {
    const routes = this.#inside.routes('admin')
    if (routes.size > 0) await this.#openPort({ port, portWritten }, routes)
    await this.#openSocket(folder)
  }

  async close(): Promise<void> {
    await Promise.all([this.#probes?.close(), this.#admin?.close(), this.#socket?.close()])
    this.#forgetExit()
  }

  async #openPort({ port, portWritten }: { readonly port: number; readonly portWritten: boolean }, routes: Routes): Promise<void> {
    const { log, page } = this.#inside
    const onError = (error: Error): void => log.warn(logError(error), 'the admin server could not take a connection')
    const listenOn = (at: number): Promise<AdminServer> => listenAdmin({ host: '127.0.0.1', port: at }, routes, onError)
    try {
      this.#admin = await listenOn(port).catch((error: NodeJS.ErrnoException) => {
        if (portWritten || error.code !== 'EADDRINUSE') throw error
        return listenOn(0)
      })
      log.info({ url: this.#admin.url, paths: [...routes.keys()] }, 'admin')
      // The secret in it is for whoever sits there, not for whoever reads the log.
      if (page !== undefined && process.stderr.isTTY) process.stderr.write(`inspector: ${this.#admin.url}${page}\n`)
    } catch (error) {
      log.warn(logError(error), `the admin server cannot listen on 127.0.0.1:${port}; give another \`admin.port\``)
    }
  }

  async #openSocket(folder: string | undefined): Promise<void> {
    const { log, system } = this.#inside
    // A named pipe cannot be kept to its owner in this way.
    if (process.platform === 'win32') return
    try {
      const path = await prepareSocket(system.tree().id, folder ?? socketFolder())
      const onError = (error: Error): void => log.warn(logError(error), 'the control socket could not take a connection')
      this.#socket = await listenAdmin({ path }, this.#socketRoutes(), onError)
      // An orderly end closes the server, which removes the file.
      this.#forgetExit = shareListener(process, 'exit', () => removeSocket(path))
    } catch (error) {
      log.warn(
        logError(error),
        'no control socket: `quiesce tree`, `top` and the others cannot reach this daemon; `admin: false` says so on purpose',
      )
    }
  }

  #socketRoutes(): Routes {
    const { system, watch, log, reportFile } = this.#inside
    const inspector: Route = () => {
      const { page } = this.#inside
      if (this.#admin === undefined || page === undefined) return json(404, { error: 'this daemon has no inspector' })
      return json(200, { url: `${this.#admin.url}${page}` })
    }
    return new Map<string, Route>([
      ['GET /state', stateRoute(watch, true)],
      ['GET /events', eventsRoute(watch, true)],
      ['GET /blueprint', () => json(200, { tree: system.blueprint() })],
      ['GET /inspector', inspector],
      ['GET /report', () => json(200, { file: reportFile })],
      ['POST /control', controlRoute(system, log)],
    ])
  }
}
