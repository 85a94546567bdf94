// Types of the test kit: handles in the contract, events and states of machines, moments of a trace, what `watch` gives back.
import { createSystem, service, supervisor } from 'quiesce'
import {
  drainPaths,
  type driveLoad,
  type LoadCounts,
  leakCheck,
  type RunMatchers,
  serviceContract,
  simulate,
  startDaemon,
} from 'quiesce/testing'
import { setup } from 'xstate'
import { same } from './same.js'

const db = service('db', { start: () => ({ rows: 3 }) })
serviceContract(db, { use: (handle) => same<typeof handle, { rows: number }>(), hang: (handle) => handle.rows })
// @ts-expect-error no such handle
serviceContract(db, { use: (handle) => handle.columns })
// @ts-expect-error not a duration
serviceContract(db, { deadline: 'soon' })

const machine = setup({
  types: { events: {} as { type: 'close' } | { type: 'add'; item: string }, context: {} as { items: number } },
}).createMachine({ context: { items: 0 } })
drainPaths(machine, {
  stopEvent: { type: 'close' },
  distinguish: ({ context }) => same<typeof context, { items: number }>(),
  events: [
    { type: 'add', item: 'tea' },
    { type: 'xstate.done.actor.charge', output: 3 },
  ],
})
// @ts-expect-error no such event
drainPaths(machine, { stopEvent: { type: 'end' } })
// @ts-expect-error the event that asks it to stop is missing
drainPaths(machine, {})

const { trace } = await simulate(supervisor('shop', { children: [db] }))
same<ReturnType<typeof trace.at>, number | undefined>()
// @ts-expect-error nothing of that name happens
trace.at('shop/db fell')

const check = leakCheck()
const tree = supervisor('shop', { children: [db] })
same<ReturnType<typeof check.watch<ReturnType<typeof createSystem<typeof tree>>>>, ReturnType<typeof createSystem<typeof tree>>>()
check.watch(createSystem(tree)).ref('shop/db').handle.rows satisfies number

same<Awaited<ReturnType<typeof driveLoad>['over']>, LoadCounts>()
same<ReturnType<RunMatchers<void>['toBeClean']>, void>()
// @ts-expect-error a daemon is a file
startDaemon({ file: 'main.ts' })
