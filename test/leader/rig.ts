// Leaders in systems of their own, over one lease in memory and in one virtual time: as several processes would be.
import {
  createSystem,
  type Env,
  type Fact,
  type HandleOf,
  type LeaderOptions,
  type Leadership,
  leader,
  type Service,
  type System,
  service,
  supervisor,
  type Term,
} from 'quiesce'
import { memoryLease } from 'quiesce/lease/memory'
import { onTestFinished } from 'vitest'
import { VirtualEnv } from '../../src/testing/virtual-env.ts'

/** What a leader leads with in these tests. */
export interface Work {
  readonly term: Term
}

type Options = Partial<LeaderOptions<Service<Work>, {}>>

/** One candidate. */
export interface Candidate {
  readonly system: System
  readonly jobs: Service<Leadership<Work>>
  readonly handle: HandleOf<Service<Leadership<Work>>>
  readonly facts: Fact[]
  /** The facts about terms, as text. */
  readonly told: string[]
}

/** Several candidates of one election. */
export class Election {
  readonly time = new VirtualEnv()
  readonly lease = memoryLease('jobs')

  /** Starts a candidate; it stands for election from then on. */
  async join(id: string, options: Options = {}, env: Env = this.time): Promise<Candidate> {
    const jobs = leader('jobs', {
      lease: this.lease,
      candidate: id,
      child: (term) => service('work', { start: () => ({ term }) }),
      ...options,
    })
    const system = createSystem(supervisor(id, { children: [jobs] }), { env })
    const facts: Fact[] = []
    const told: string[] = []
    system.on((fact) => {
      facts.push(fact)
      if ('term' in fact) told.push(`${fact.type} ${fact.term}`)
    })
    await system.start()
    onTestFinished(async () => void (await this.settled(system.stop())))
    await this.time.settle()
    return { system, jobs, handle: system.ref(jobs).handle, facts, told }
  }

  /** Lets time pass until the promise has settled. */
  async settled<T>(promise: Promise<T>, step = 100): Promise<T> {
    let isOver = false
    const over = (): void => {
      isOver = true
    }
    promise.then(over, over)
    while (!isOver) await this.time.advance(step)
    return promise
  }
}
