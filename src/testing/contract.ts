// What each item of a service's contract does to the service. Whatever comes of it, the system of a trial is stopped at the end.
import { formatMs } from '../base/duration.js'
import { describe } from '../base/errors.js'
import type { Service } from '../tree/definition.js'
import { drawLeak, leakCheck } from './leak-check.js'
import { answered, becomesSo, demand, fail, Trial, type TrialOptions } from './trial.js'

/** What it knows of the service, types erased. */
export interface ContractWish extends TrialOptions {
  readonly use?: (handle: never) => unknown
  readonly isReleased?: () => boolean | PromiseLike<boolean>
  readonly hang?: (handle: never) => unknown
  readonly accept?: (handle: never) => unknown
  readonly silence?: () => () => unknown
  readonly rounds?: () => number
}

// After so many turns of the event loop a start is called off, in one trial after another.
const TURNS = [0, 1, 2, 3, 5, 8, 13, 21, 34]
// So long a start is given to come to its wait, and a loop to go round once more.
const SETTLE_MS = 50
// How long a release may follow the ack, where that is not what is tested.
const RELEASE_MS = 200
/** What may be told of one undisturbed life, each once. */
const HANDSHAKES = [
  ['starting', 'started'],
  ['stop-requested', 'stopped'],
] as const
const FAILURES = ['start-failed', 'crashed', 'hook-failed', 'late-start', 'late-ack', 'late-error'] as const

/** The contract of one service. */
export class Contract {
  readonly #subject: Service
  readonly #wish: ContractWish

  constructor(subject: Service, wish: ContractWish) {
    this.#subject = subject
    this.#wish = wish
  }

  async usable(): Promise<void> {
    await this.#live(async (trial) => {
      try {
        await this.#use(trial)
      } catch (error) {
        fail(`it was not usable when it had said that it is started: ${describe(error)}`, error)
      }
    })
  }

  async released(): Promise<void> {
    for (const when of ['when it was started for the first time', 'when it was started again']) {
      let wasReleased: unknown = true
      const trial = this.#trial()
      // In this very moment, since a release that merely follows is too late for whoever waits for the ack.
      trial.whenTold(['stopped'], () => {
        wasReleased = this.#wish.isReleased?.() ?? true
      })
      await trial.start().catch((error) => fail(`${error.message} (${when})`, error.cause))
      await trial.stop()
      trial.demandAcked(when)
      demand(
        (await wasReleased) === true,
        'it said that it had stopped, and what it acquired was not released: await in `stop` all that closes it',
      )
    }
  }

  async stoppedTwice(): Promise<void> {
    const trial = await this.#trial().start()
    const first = trial.stop()
    const second = trial.stop()
    trial.system.hurry()
    const reports = [await first, await second, await trial.stop()]
    demand(new Set(reports).size === 1, 'the calls of stop() were answered with different reports')
    trial.demandAcked('when it was asked twice to stop')
    demand(trial.count('stopped') === 1, `it stopped ${trial.count('stopped')} times`)
    await this.#demandReleased('after it was asked twice to stop')
  }

  async stoppedWhileStarting(): Promise<void> {
    for (const turns of TURNS) {
      const trial = this.#trial()
      await this.#beginStart(trial)
      for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve))
      const hasStarted = trial.count('started') > 0
      await trial.stop()
      trial.demandAcked('when its start was called off')
      await this.#demandReleased('after its start was called off: release with `ctx.defer` what a start has acquired')
      if (hasStarted) return
    }
  }

  async unanswered(): Promise<void> {
    const { hang, silence } = this.#wish
    if (hang !== undefined) {
      const trial = await this.#live((busy) => answered('hang', hang(busy.handle as never), this.#wish.deadlineMs))
      trial.demandAcked('while it had work whose other side never answers')
      await this.#demandReleased('after its work was cut off')
    }
    if (silence === undefined) return
    await this.#silentAtStop(silence)
    await this.#silentAtStart(silence)
  }

  async #silentAtStop(silence: () => () => unknown): Promise<void> {
    let speak: (() => unknown) | undefined
    try {
      const trial = await this.#live(async () => {
        speak = silence()
      })
      trial.demandAcked('when the other side had fallen silent')
      await this.#demandReleased('after the other side had fallen silent')
    } finally {
      await speak?.()
    }
  }

  async #silentAtStart(silence: () => () => unknown): Promise<void> {
    const speak = silence()
    try {
      const trial = this.#trial()
      await this.#beginStart(trial)
      await new Promise((resolve) => setTimeout(resolve, SETTLE_MS))
      await trial.stop()
      trial.demandAcked('when its start was called off, and nobody had answered it')
    } finally {
      await speak()
    }
  }

  async loops(): Promise<void> {
    // What a life in peace leaves behind is none of this item's business.
    await this.#live(async () => {})
    using peaceful = leakCheck()
    await this.#live(async () => {})
    const usual = await peaceful.leaks()
    using check = leakCheck()
    const trial = await this.#trial().start()
    trial.kill()
    await trial.told('stopped')
    const hasEnded = trial.ending?.verdict !== 'abandoned' || (await trial.told('late-ack'))
    await trial.stop()
    demand(hasEnded, 'a hook of it went on after its signal was aborted: end its loops and waits on `ctx.signal`')
    const leaks = (await check.leaks()).filter(({ what, count }) => !usual.some((one) => one.what === what && one.count >= count))
    const more = await this.#furtherRounds()
    demand(more === 0, `a loop of it went round ${more} times after its signal was aborted: end it on \`ctx.signal\``)
    demand(
      leaks.length === 0,
      `something of it goes on after its signal was aborted: ${leaks.map(drawLeak).join(', ')}. End it on \`ctx.signal\``,
    )
    await this.#demandReleased('after it was killed')
  }

  async #furtherRounds(): Promise<number> {
    const { rounds } = this.#wish
    if (rounds === undefined) return 0
    const before = rounds()
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS))
    return rounds() - before
  }

  async nothingLeft(): Promise<void> {
    // Whether it is usable is another item.
    const use = (trial: Trial): Promise<void> => this.#use(trial).catch(() => {})
    // What libraries keep for good is made by the first life.
    await this.#live(use)
    using check = leakCheck()
    await this.#live(use)
    const leaks = await check.leaks()
    demand(leaks.length === 0, `it left behind: ${leaks.map(drawLeak).join(', ')}. End it in \`stop\` or with \`ctx.defer\``)
  }

  async told(): Promise<void> {
    const quiet = await this.#trial().start()
    await quiet.stop()
    for (const ends of HANDSHAKES) {
      const counts = ends.map((type) => `"${type}" was told ${times(quiet.count(type))}`)
      demand(
        ends.every((type) => quiet.count(type) === 1),
        `of a life that nobody disturbed ${counts.join(', ')}; each must be told once`,
      )
    }
    const failure = quiet.facts.find(({ type }) => (FAILURES as readonly string[]).includes(type))
    demand(failure === undefined, `of a life that nobody disturbed "${failure?.type}" was told`)
    const { forced = false, tookMs = 0 } = quiet.ending ?? {}
    demand(!forced, `nobody disturbed it, and its stop was cut off after ${formatMs(tookMs)}: end its loops and waits on \`ctx.draining\``)
    if (this.#wish.use !== undefined) await this.#givenBack()
    if (this.#wish.accept !== undefined) await this.#counted()
  }

  async #givenBack(): Promise<void> {
    const { deadlineMs } = this.#wish
    await this.#live(async (trial) => {
      const before = trial.inFlight
      // Whether it is usable is another item.
      await this.#use(trial).catch(() => {})
      const isOver = await becomesSo(deadlineMs, () => trial.inFlight <= before)
      const left = trial.inFlight - before
      const permits = left === 1 ? '1 permit' : `${left} permits`
      demand(isOver, `it held ${permits} ${formatMs(deadlineMs)} after \`use\` was over: release each in a \`finally\``)
    })
  }

  async #counted(): Promise<void> {
    const { ending } = await this.#live(async (busy) => {
      await answered('accept', this.#wish.accept?.(busy.handle as never), this.#wish.deadlineMs)
      demand(busy.inFlight > 0, 'it had accepted work that nobody counts: hold a permit of `ctx.gate()` for as long as the work takes')
    })
    const isCounted = ending?.forced !== true || ending.forceCancelled > 0
    demand(isCounted, 'its work was cut off and nobody counted it: give the permit back when the work has ended, not before')
  }

  // --- lives

  #trial(): Trial {
    return new Trial(this.#subject, this.#wish)
  }

  /** One life in which something is done. */
  async #live(what: (trial: Trial) => Promise<unknown>): Promise<Trial> {
    const trial = await this.#trial().start()
    try {
      await what(trial)
    } finally {
      await trial.stop()
    }
    return trial
  }

  // The start is under way: its hook is being called.
  async #beginStart(trial: Trial): Promise<void> {
    const begun = new Promise<void>((resolve) => trial.whenTold(['starting'], resolve))
    const start = trial.system.start()
    start.catch(() => {})
    await Promise.race([begun, start])
  }

  async #use(trial: Trial): Promise<void> {
    await this.#wish.use?.(trial.handle as never)
  }

  async #demandReleased(when: string): Promise<void> {
    const { isReleased } = this.#wish
    if (isReleased === undefined) return
    // Whether it is released by the moment of the ack is another item.
    demand(await becomesSo(RELEASE_MS, isReleased), `what it acquired was not released ${when}`)
  }
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`
}
