// One daemon from its first listener to its last log line. It decides nothing about services: it owns the process around them.
import { performance } from 'node:perf_hooks'
import { formatMs } from '../base/duration.js'
import { flushLog } from '../observe/log.js'
import { logFact } from '../observe/log-facts.js'
import { drawTimeline } from '../observe/timeline.js'
import type { SignalMeaning } from '../policy/escalation.js'
import type { Report } from '../policy/report.js'
import type { System } from '../tree/system.js'
import { drawTree } from '../tree/view.js'
import { type AdminServer, listenAdmin, probeRoutes } from './admin-server.js'
import { contain } from './containment.js'
import { EXIT_CODES, exitCodeOf, signalExitCode } from './exit-code.js'
import { lastWords, noticeForeignExit } from './last-words.js'
import { leaveMarker, type Marker } from './marker.js'
import type { NodeEnv } from './node-env.js'
import type { Settings } from './options.js'
import { listenForStop } from './stop-triggers.js'

// What of the grace is kept for the flush, and how much later a process that still lives is ended.
const FLUSH_MS = 500
const BACKSTOP_MS = 1_000

/** Owns the process while a system lives in it. */
export class Daemon {
  readonly #system: System
  readonly #env: NodeEnv
  readonly #settings: Settings
  readonly #removers: (() => void)[] = []
  #admin: AdminServer | undefined
  #marker: Marker | undefined
  #hasStarted = false
  #startError: unknown
  #stopAt: number | undefined
  #endLameDuck: (() => void) | undefined
  #unowned = 0
  #backstop: NodeJS.Timeout | undefined

  constructor(system: System, env: NodeEnv, settings: Settings) {
    this.#system = system
    this.#env = env
    this.#settings = settings
  }

  /** Lives until the tree has ended; resolves with the report, or rejects with the error of a start that failed where it does not exit. */
  async live(): Promise<Report> {
    // A tree without sockets would otherwise let the event loop run empty, and Node leave with code 13.
    const alive = setInterval(() => {}, 2 ** 31 - 1)
    this.#listen()
    await this.#openProbes()
    if (this.#stopAt === undefined) await this.#start()
    const report = await this.#system.ended()
    clearInterval(alive)
    const code = await this.#close(report)
    if (this.#settings.exits) this.#exit(code)
    else if (this.#startError !== undefined) throw this.#startError
    return report
  }

  // --- before anything starts

  #listen(): void {
    const { log, contains, exits } = this.#settings
    this.#leaveMarker()
    this.#removers.push(
      this.#system.on((fact) => {
        logFact(log, fact)
        if (fact.type === 'draining' && !fact.address.includes('/')) this.#bound()
      }),
      listenForStop(this.#settings, {
        now: () => performance.now(),
        asked: (by, meaning) => this.#asked(by, meaning),
        inspect: () => lastWords(`the tree now:\n${drawTree(this.#system.tree())}`),
      }),
    )
    if (exits) this.#removers.push(noticeForeignExit(() => this.#system.tree()))
    if (contains) this.#removers.push(contain(this.#env, this.#containmentEvents()))
    const { graceMs, lameDuckMs } = this.#settings
    log.info({ pid: process.pid, node: process.version, graceMs, lameDuckMs }, `${this.#system.tree().id} starts`)
    const worstMs = this.#system.worstCaseMs + lameDuckMs + FLUSH_MS
    if (worstMs > graceMs)
      log.warn(
        { worstMs, graceMs },
        `a stop may take ${formatMs(worstMs)}, but grace is ${formatMs(graceMs)}: what comes last is cut short`,
      )
  }

  #leaveMarker(): void {
    const { marker, log } = this.#settings
    if (marker === false) return
    try {
      this.#marker = leaveMarker(this.#system.tree().id, marker)
    } catch (error) {
      return log.warn({ err: error }, 'cannot leave the marker that tells the next start how this run ended')
    }
    for (const { pid, startedAt } of this.#marker.lost) log.warn({ lostPid: pid, startedAt }, 'the last run ended without a farewell')
  }

  async #openProbes(): Promise<void> {
    const { probes, log } = this.#settings
    if (probes === undefined) return
    const routes = probeRoutes({
      started: () => this.#hasStarted,
      stopping: () => this.#stopAt !== undefined,
      unready: () => this.#system.unready(),
    })
    try {
      this.#admin = await listenAdmin(probes, routes)
    } catch (error) {
      if (probes.portWritten) {
        this.#startError = error
        log.fatal(
          { err: error },
          `the probes cannot listen on ${probes.host}:${probes.port}; give another \`probes.port\`, or \`probes: false\``,
        )
        return void this.#stop('the probes cannot listen')
      }
      this.#admin = await listenAdmin({ ...probes, port: 0 }, routes)
      log.warn({ url: this.#admin.url }, `port ${probes.port} is taken, the probes listen elsewhere; choose with \`probes.port\``)
    }
    log.info({ url: this.#admin.url }, 'probes')
  }

  async #start(): Promise<void> {
    const { log } = this.#settings
    const sinceAt = performance.now()
    try {
      await this.#system.start()
      this.#hasStarted = true
      log.info({ tookMs: Math.round(performance.now() - sinceAt) }, `${this.#system.tree().id} is ready`)
    } catch (error) {
      if (this.#stopAt !== undefined) return
      this.#startError = error
      log.fatal({ err: error }, error instanceof Error ? error.message : 'the start failed')
    }
  }

  // --- the stop

  #asked(by: string, meaning: Exclude<SignalMeaning, 'same'>): void {
    if (meaning === 'stop') return void this.#stop(by)
    if (meaning === 'hurry') {
      lastWords(`${by} again: no more waiting for accepted work; once more exits at once`)
      return this.#hurry()
    }
    if (!this.#settings.exits) return
    lastWords(`${by} for the third time: exit`)
    this.#exitNow(signalExitCode(by as NodeJS.Signals))
  }

  #hurry(): void {
    if (this.#endLameDuck !== undefined) this.#endLameDuck()
    else this.#system.hurry()
  }

  async #stop(reason: string): Promise<void> {
    if (this.#stopAt !== undefined) return
    this.#stopAt = performance.now()
    this.#armBackstop()
    const { log, lameDuckMs } = this.#settings
    const { inFlight } = this.#system.tree()
    log.info({ reason, inFlight, graceMs: this.#settings.graceMs }, 'drain started')
    log.info('readiness 503')
    if (lameDuckMs > 0 && this.#hasStarted) await this.#waitLameDuck(lameDuckMs)
    log.info({ phase: 'tree' }, 'stopping the tree')
    await this.#system.stop({ reason, deadline: this.#leftMs() })
  }

  // The root ends without having been asked: the same budget holds from now on.
  #bound(): void {
    if (this.#stopAt !== undefined) return
    this.#stopAt = performance.now()
    this.#armBackstop()
    const { log, graceMs } = this.#settings
    log.info({ reason: 'the tree ends by itself', graceMs }, 'drain started')
    log.info('readiness 503')
    queueMicrotask(() => void this.#system.stop({ deadline: this.#leftMs() }))
  }

  #waitLameDuck(ms: number): Promise<void> {
    this.#settings.log.info({ phase: 'lame duck', ms }, 'serving on while balancers take notice')
    return new Promise((resolve) => {
      const over = (): void => {
        timer.cancel()
        this.#endLameDuck = undefined
        resolve()
      }
      const timer = this.#env.clock.after(ms, over, true)
      this.#endLameDuck = over
      void this.#system.ended().then(over)
    })
  }

  #leftMs(): number {
    const usedMs = performance.now() - (this.#stopAt ?? performance.now())
    return Math.max(0, this.#settings.graceMs - usedMs - Math.min(FLUSH_MS, this.#settings.graceMs / 10))
  }

  #armBackstop(): void {
    if (!this.#settings.exits) return
    this.#backstop = setTimeout(() => {
      lastWords(`the process did not end within its grace of ${this.#settings.graceMs} ms; exit`)
      this.#exitNow(EXIT_CODES.hung)
    }, this.#settings.graceMs + BACKSTOP_MS)
  }

  #containmentEvents(): Parameters<typeof contain>[1] {
    const { log } = this.#settings
    return {
      late: (service, incarnation, err) => log.warn({ service, incarnation, err }, 'an error of an incarnation that has ended'),
      unowned: (err) => {
        log.fatal({ err }, 'an uncaught error that belongs to no service: the daemon ends')
        this.#unowned += 1
        if (this.#unowned > 1) this.#hurry()
        else void this.#stop('uncaught error')
      },
      tooMany: (err) => {
        log.fatal({ err }, 'the third uncaught exception within a minute: the daemon ends, since going on is unsafe')
        this.#unowned += 1
        void this.#stop('too many uncaught exceptions')
      },
    }
  }

  // --- after the tree

  async #close(report: Report): Promise<number> {
    const { log, exits } = this.#settings
    const startFailed = this.#startError !== undefined
    const code = exitCodeOf({ report, exit: this.#system.exit, startFailed, unowned: this.#unowned > 0 })
    await this.#admin?.close()
    for (const remove of this.#removers.reverse()) remove()
    log.info({ code, report }, `complete: ${drawTimeline(report).split('\n')[0]}`)
    clearTimeout(this.#backstop)
    const left = leftovers()
    if (left.length > 0) log.info({ left }, `still open: ${left.join(', ')}${exits ? '; the process exits anyway' : ''}`)
    if (exits && process.stderr.isTTY) process.stderr.write(`\n${drawTimeline(report)}\n`)
    await flushLog(log, FLUSH_MS)
    this.#marker?.remove()
    return code
  }

  // The caller's `await run(…)` goes on first, so that it can print the report.
  #exit(code: number): void {
    process.exitCode = code
    setImmediate(() => process.exit(code))
  }

  #exitNow(code: number): never {
    for (const remove of this.#removers) remove()
    return process.exit(code)
  }
}

// What keeps the event loop alive besides standard input and output, by the names that Node gives.
function leftovers(): string[] {
  const counts = new Map<string, number>()
  for (const name of process.getActiveResourcesInfo()) {
    if (name === 'TTYWrap' || name === 'PipeWrap' || name.startsWith('FSReq') || name === 'Immediate') continue
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return [...counts].map(([name, count]) => (count === 1 ? name : `${count} × ${name}`))
}
