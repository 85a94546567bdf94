// The tree: a depot and a line to the carrier, what sends parcels, and where they come in. FORGETFUL=1 plants a bug.
import { supervisor } from 'quiesce'
import { carrier } from './carrier.ts'
import { counter } from './counter.ts'
import { depot } from './depot.ts'
import { dispatch } from './dispatch.ts'
import type { World } from './world.ts'

export function parcels(world: World, isForgetful = process.env['FORGETFUL'] === '1') {
  const store = depot(world)
  const line = carrier(world)
  return supervisor('parcels', {
    children: [store, line, dispatch({ depot: store, carrier: line, isForgetful }), counter(world, store)],
  })
}
