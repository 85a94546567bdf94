// XState without anything around it: child actors that are created, started and moved to their end by four events, which stops them.
// No supervisor, no acks, no order of stops, no restart: the floor on which quiesce stands.
import { type ActorLogic, createActor, createMachine, fromTransition, type Snapshot } from 'xstate'
import { check, effortFor, microsEach, type Samples, sample, settledHeap } from '../sampling.ts'

type Step = { readonly type: 'started' | 'stop' | 'settled' | 'closed' }
type Shot = Snapshot<undefined>

const STEPS: readonly Step[] = [{ type: 'started' }, { type: 'stop' }, { type: 'settled' }, { type: 'closed' }]

const machine = createMachine({
  initial: 'starting',
  states: {
    starting: { on: { started: 'ready' } },
    ready: { on: { stop: 'settling' } },
    settling: { on: { settled: 'closing' } },
    closing: { on: { closed: 'stopped' } },
    stopped: { type: 'final' },
  },
})

const shot = (): Shot => Object.freeze({ status: 'active', output: undefined, error: undefined })
const INITIAL = shot()
const SHOTS: Readonly<Record<Step['type'], Shot>> = {
  started: shot(),
  stop: shot(),
  settled: shot(),
  closed: Object.freeze({ status: 'done', output: undefined, error: undefined }),
}

/** The cheapest logic there is: every step is looked up. */
const table: ActorLogic<Shot, Step> = {
  transition: (snapshot, event) => SHOTS[event.type] ?? snapshot,
  getInitialSnapshot: () => INITIAL,
  getPersistedSnapshot: (snapshot) => snapshot,
}

/** What is needed of an actor, whatever its logic. */
interface Life {
  start(): unknown
  send(event: Step): void
  getSnapshot(): { readonly status: string }
}

type Create = () => Life

// One parent for all, so that they share a system; it ignores that they are done.
const parent = createActor(fromTransition((state: undefined) => state, undefined)).start()
const ofLogic = {
  machine: () => createActor(machine, { parent }),
  table: () => createActor(table, { parent }),
}

async function lives(count: number, create: Create): Promise<Samples> {
  const kept = started(create)
  const samples = await sample(effortFor(count), async () => {
    const begun = performance.now()
    const actors = Array.from({ length: count }, () => started(create))
    const ready = performance.now()
    for (const actor of actors) for (let index = 1; index < STEPS.length; index += 1) actor.send(STEPS[index] as Step)
    const stopped = performance.now()
    check('actors that ended', actors.filter((actor) => actor.getSnapshot().status === 'done').length, count)
    const start = microsEach(begun, ready, count)
    const stop = microsEach(ready, stopped, count)
    return { start, stop, both: start + stop }
  })
  check('the one that was kept', kept.getSnapshot().status, 'active')
  return samples
}

function started(create: Create): Life {
  const actor = create()
  actor.start()
  actor.send(STEPS[0] as Step)
  return actor
}

async function bytes(count: number, create: Create): Promise<Samples> {
  for (let index = 0; index < 1_000; index += 1) started(create)
  const empty = await settledHeap()
  const actors = Array.from({ length: count }, () => started(create))
  const running = await settledHeap()
  check('actors running', actors.filter((actor) => actor.getSnapshot().status === 'active').length, count)
  return { bytes: [(running - empty) / count] }
}

/** A real machine, computed by XState at each step. */
export const ofMachine = {
  startStop: (count: number): Promise<Samples> => lives(count, ofLogic.machine),
  heap: (count: number): Promise<Samples> => bytes(count, ofLogic.machine),
}

export const ofTable = {
  startStop: (count: number): Promise<Samples> => lives(count, ofLogic.table),
  heap: (count: number): Promise<Samples> => bytes(count, ofLogic.table),
}
