// What watches a daemon: hears its facts, may answer on its listeners, is flushed when the tree has stopped and before the log is.
import type { Inside } from '../base/env.js'
import type { Log } from '../base/log.js'
import type { Problems } from '../protocol/spec.js'
import type { System } from '../tree/system.js'
import type { DaemonInfo } from './daemon-info.js'
import type { Watch } from './watch/watch.js'

/** A route: a request in, an answer out. It may take its time, but must have answered by the time the tree has stopped, or stream. */
export type Route = (request: Request) => Response | Promise<Response>

/** Routes by method and path (`GET /livez`); HEAD is answered as GET, without the body. */
export type Routes = ReadonlyMap<string, Route>

/** The daemon, as its observers see it. */
export interface Observed {
  readonly system: System
  readonly daemon: DaemonInfo
  /** The daemon's own log. */
  readonly log: Log
  /** Milliseconds on the clock of the facts. */
  now(): number
  /** What the readiness probe says. */
  isReady(): boolean
  /** What inspectors and recordings are given. */
  readonly watch: Watch
}

/** An observer of one daemon, from before its tree starts until its process ends. What its methods throw is logged and harms nobody. */
export interface Attachment {
  /** Routes beside the probes, for the platform: `GET /metrics`. Two observers with the same route are a SpecError of `run`. */
  readonly probes?: Routes
  /** Routes of the admin server, which listens on this machine only. */
  readonly admin?: Routes
  /** Of the admin routes: the path of a page for people, with all that a browser needs to open it. */
  readonly page?: string
  /** Whether a scraper should be waited for at the end (`finalScrape`): resolves when it has what it came for. */
  scraped?(): Promise<void>
  /** Fields for a line of the log about a service: the ids of its trace. Asked for each line. */
  fields?(address: string): object | undefined
  /** The context in which a hook that starts or stops the service at `address` should run; undefined when it does not matter. Asked for each. */
  inside?(address: string): Inside | undefined
  /** The last values of its counters, for the farewell in the log. */
  counters?(): Readonly<Record<string, number>>
  /** The tree has stopped: hands on what it still holds. Whoever takes longer than `limitMs` is left behind. */
  flush?(limitMs: number): Promise<void> | void
  /** The daemon has ended. Synchronous: the process may exit in this turn. */
  close?(): void
}

/** Something that watches a daemon: pass it to `run` in `observers`. */
export interface Observer {
  /** What it is called in errors. */
  readonly name: string
  /** How long its `flush` should be given, in milliseconds. Default 0: it is called, and not waited for. */
  readonly flushMs?: number
  /** Notes what is wrong with how it was made. */
  check?(problems: Problems): void
  /** @throws SpecError (ERR_SPEC) where the daemon must not start with it; whatever else it throws is logged, and the daemon starts without it. */
  attach(observed: Observed): Attachment
}
