// One daemon from its first listener to its last log line. It decides nothing about services: it owns the process around them.
import { StartError } from '../base/errors.js'
import { logError } from '../base/log-error.js'
import { FactLog, HEARD_BY_LOG } from '../observe/log/fact-log.js'
import { tagged } from '../observe/log/log.js'
import { Watch } from '../observe/watch/watch.js'
import type { SignalMeaning } from '../policy/escalation.js'
import type { Report } from '../policy/report.js'
import type { Fact } from '../protocol/fact.js'
import type { System } from '../tree/system.js'
import { drawTree } from '../tree/view.js'
import { contain } from './containment.js'
import { addressesOf, daemonInfo } from './daemon-info.js'
import { Doors } from './doors.js'
import { EXIT_CODES, exitCodeOf, signalExitCode } from './exit-code.js'
import { sayFarewell } from './farewell.js'
import { lastWords, noticeForeignExit } from './last-words.js'
import { leftovers } from './leftovers.js'
import { leaveMarker, type Marker } from './marker.js'
import type { NodeEnv } from './node-env.js'
import { Observers } from './observers.js'
import type { Settings } from './options.js'
import { prestopRoute } from './prestop.js'
import { isReady } from './probes.js'
import { startWarnings, type Warning } from './start-warnings.js'
import { listenForStop } from './stop-triggers.js'
import { Stopping } from './stopping.js'
import { startWatchdog, type Watchdog } from './watchdog/watchdog.js'

/** Owns the process while a system lives in it. */
export class Daemon {
  readonly #system: System
  readonly #env: NodeEnv
  readonly #settings: Settings
  readonly #stopping: Stopping
  readonly #removers: (() => void)[] = []
  readonly #watch: Watch
  readonly #observers: Observers
  readonly #facts: FactLog
  readonly #doors: Doors
  readonly #readiness = {
    started: () => this.#hasStarted,
    leave: () => this.#stopping.leave,
    unready: () => this.#system.unready(),
  }
  #marker: Marker | undefined
  #watchdog: Watchdog | undefined
  #hasStarted = false
  /** What failed first while the tree was starting. */
  #firstFailure: Extract<Fact, { type: 'start-failed' }> | undefined
  #startIsUndone = false
  #startError: unknown
  #unowned = 0

  constructor(system: System, env: NodeEnv, settings: Settings) {
    this.#system = system
    this.#env = env
    const { address, id } = system.tree()
    let fieldsOf: Observers['fields']
    // What it says itself is about its start or its shutdown; that somebody cannot be asked for fields, it says without any.
    const log = tagged(settings.log, () => {
      const ask = fieldsOf
      fieldsOf = undefined
      const fields = ask?.(address) ?? {}
      fieldsOf = ask
      return fields
    })
    this.#settings = { ...settings, log }
    this.#stopping = new Stopping(system, env, this.#settings, {
      begun: (limitMs) => this.#watchdog?.stopBegan(limitMs),
      overdue: () => this.#overdue(),
    })
    env.leaveBy(() => this.#stopping.leaving())
    const watched = { system, daemon: daemonInfo(id, settings), now: (): number => env.clock.now() }
    this.#watch = new Watch(watched)
    const observed = { ...watched, log, watch: this.#watch, isReady: () => isReady(this.#readiness) }
    try {
      this.#observers = new Observers(settings.observers, observed)
    } catch (error) {
      this.#watch.close()
      throw error
    }
    const { page, fields, inside } = this.#observers
    fieldsOf = fields
    this.#facts = new FactLog(settings.log, fields)
    const routes = this.#observers.routes.bind(this.#observers)
    this.#doors = new Doors({ system, watch: this.#watch, log, page, reportFile: settings.reportFile, routes })
    if (fields !== undefined) env.tagLines(fields)
    if (inside !== undefined) env.runHooksIn(inside)
  }

  /** Lives until the tree has ended; resolves with the report, or rejects with the error of a start that failed where it does not exit. */
  async live(): Promise<Report> {
    // A tree without sockets would otherwise let the event loop run empty, and Node leave with code 13.
    const alive = setInterval(() => {}, 2 ** 31 - 1)
    const warnings = startWarnings(this.#settings, this.#system.worstCaseMs, this.#observers.isScraped)
    this.#listen()
    this.#greet(warnings)
    this.#watchdog = startWatchdog(this.#settings, this.#marker?.file)
    await this.#openDoors()
    if (!this.#stopping.begun) await this.#start()
    const report = await this.#system.ended()
    this.#stopping.over()
    clearInterval(alive)
    const code = await this.#close(report)
    if (this.#settings.exits) this.#exit(code)
    else if (this.#startError !== undefined) throw this.#startError
    return report
  }

  // --- before anything starts

  #listen(): void {
    const { contains, exits } = this.#settings
    const { clock } = this.#env
    const root = this.#system.tree().address
    this.#removers.push(
      listenForStop(this.#settings, {
        now: () => clock.now(),
        asked: (by, meaning) => this.#asked(by, meaning),
        inspect: () => lastWords(`the tree now:\n${drawTree(this.#system.tree())}`),
      }),
    )
    if (contains) this.#removers.push(contain(this.#env, this.#containmentEvents()))
    if (exits) this.#removers.push(noticeForeignExit(() => this.#system.tree()))
    this.#removers.push(
      this.#system.on((fact) => {
        this.#facts.hear(fact)
        if (fact.type === 'started' && fact.address === root) this.#hasStarted = true
        if (fact.type === 'start-failed' && !this.#hasStarted) this.#firstFailure ??= fact
      }, HEARD_BY_LOG),
    )
    this.#system.whenEnding(() => this.#treeEnds())
  }

  #greet(warnings: readonly Warning[]): void {
    const { log } = this.#settings
    this.#marker = leaveMarker(this.#system.tree().id, this.#settings)
    const { run, ...unchanging } = this.#watch.options.daemon
    log.info({ ...unchanging, tree: addressesOf(this.#system.tree()) }, `${this.#system.tree().id} starts`)
    for (const { level = 'warn', fields, message } of warnings) log[level](fields, message)
  }

  async #openDoors(): Promise<void> {
    const { probes, admin, prestopToken: token, log } = this.#settings
    const prestop = () => this.#stopping.prestop(this.#hasStarted)
    if (admin !== undefined) await this.#doors.openAdmin(admin)
    if (probes === undefined) return
    const prestopping = token === undefined ? undefined : prestopRoute({ token, log, prestop })
    try {
      await this.#doors.openProbes(probes, { ...this.#readiness, prestop: prestopping })
    } catch (error) {
      this.#startError = error
      const where = `${probes.host ?? 'port'}${probes.host === undefined ? ' ' : ':'}${probes.port}`
      log.fatal(logError(error), `the probes cannot listen on ${where}; give another \`probes.port\`, or \`probes: false\``)
      this.#stopping.begin('the probes cannot listen', false)
    }
  }

  async #start(): Promise<void> {
    const { log, onReady } = this.#settings
    const sinceAt = this.#env.clock.now()
    try {
      await this.#system.start()
      log.info({ tookMs: Math.round(this.#env.clock.now() - sinceAt) }, `${this.#system.tree().id} is ready`)
    } catch (error) {
      return this.#startFailed(error)
    }
    try {
      // It may well be an async function, whatever its type says.
      await onReady?.(this.#system)
    } catch (error) {
      log.error(logError(error), '`onReady` threw; the daemon goes on')
    }
  }

  // A start that was called off is no failure, but one that had failed before remains one, whoever cut its undoing short.
  #startFailed(thrown: unknown): void {
    if (this.#stopping.begun && !this.#startIsUndone) return
    const first = this.#stopping.hasTold ? this.#firstFailure : undefined
    this.#startError = first === undefined ? thrown : new StartError(first.address, first.tookMs, first.error)
    const { log } = this.#settings
    log.fatal(logError(this.#startError), this.#startError instanceof Error ? this.#startError.message : 'the start failed')
  }

  // --- the stop

  #asked(by: string, meaning: Exclude<SignalMeaning, 'same'>): void {
    if (meaning === 'stop') return this.#stopping.begin(by, this.#hasStarted)
    if (meaning === 'hurry') {
      lastWords(`${by} again: no more waiting for accepted work; once more exits at once`)
      return this.#stopping.hurry()
    }
    if (!this.#settings.exits) return
    lastWords(`${by} for the third time: exit`)
    this.#exitNow(signalExitCode(by as NodeJS.Signals))
  }

  #treeEnds(): void {
    if (this.#hasStarted || this.#stopping.begun) return this.#stopping.follow('the tree ends by itself')
    this.#startIsUndone = true
    this.#stopping.undoStart()
  }

  #containmentEvents(): Parameters<typeof contain>[1] {
    const { log } = this.#settings
    return {
      unowned: (error) => {
        log.fatal(logError(error), 'an uncaught error that belongs to no service: the daemon ends')
        this.#unowned += 1
        if (this.#unowned > 1) this.#stopping.hurry()
        else this.#stopping.begin('uncaught error', this.#hasStarted)
      },
      tooMany: (error) => {
        log.fatal(logError(error), 'the third uncaught exception within a minute: the daemon ends, since going on is unsafe')
        this.#unowned += 1
        this.#stopping.begin('too many uncaught exceptions', this.#hasStarted)
      },
    }
  }

  // --- after the tree

  async #close(report: Report): Promise<number> {
    const startFailed = this.#startError !== undefined
    const code = exitCodeOf({ report, exit: this.#system.exit, startFailed, unowned: this.#unowned > 0 })
    const usedMs = (): number => this.#stopping.usedMs()
    const { hurried } = this.#stopping
    const speaker = { system: this.#system, env: this.#env, settings: this.#settings, observers: this.#observers, usedMs, hurried }
    await sayFarewell(speaker, { report, code, left: await leftovers() })
    this.#watch.close()
    await this.#doors.close()
    this.#observers.close()
    this.#marker?.remove()
    // A process that exits listens, and is watched, to the last: a signal's or an error's default action would change its exit code.
    if (this.#settings.exits) return code
    for (const remove of this.#removers.reverse()) remove()
    await this.#watchdog?.end()
    return code
  }

  #overdue(): void {
    lastWords(`the process did not end within its grace of ${this.#settings.graceMs} ms; exit`)
    this.#exitNow(EXIT_CODES.hung)
  }

  // The caller's `await run(…)` goes on first, so that it can print the report.
  #exit(code: number): void {
    process.exitCode = code
    setImmediate(() => process.exit(Math.max(code, this.#unowned > 0 ? EXIT_CODES.crashed : EXIT_CODES.clean)))
  }

  #exitNow(code: number): never {
    for (const remove of this.#removers) remove()
    return process.exit(code)
  }
}
