// One measurement in a process of its own: `cell.ts PEER MEASURE COUNT` prints its samples as one line of JSON.
import * as effect from './peers/effect.ts'
import * as nact from './peers/nact.ts'
import * as quiesce from './peers/quiesce.ts'
import * as xstate from './peers/xstate.ts'
import type { Samples } from './sampling.ts'

type Measure = (count: number) => Promise<Samples>

const MEASURES: Readonly<Record<string, Readonly<Record<string, Measure>>>> = {
  quiesce: { 'start-stop': quiesce.startStop, restart: quiesce.restart, group: quiesce.group, heap: quiesce.heap, ask: quiesce.ask },
  'xstate machine': { 'start-stop': xstate.ofMachine.startStop, heap: xstate.ofMachine.heap },
  'xstate table': { 'start-stop': xstate.ofTable.startStop, heap: xstate.ofTable.heap },
  effect: { 'start-stop': effect.startStop, heap: effect.heap },
  nact: { 'start-stop': nact.startStop, heap: nact.heap },
}

const [peer = '', measure = '', count = '0'] = process.argv.slice(2)
const run = MEASURES[peer]?.[measure]
if (run === undefined) throw new Error(`nothing measures ${measure} of ${peer}`)
console.log(JSON.stringify(await run(Number(count))))
process.exit(0)
