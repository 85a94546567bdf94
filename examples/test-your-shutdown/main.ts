// The daemon itself: `node --import tsx examples/test-your-shutdown/main.ts`, and Ctrl+C.
import { run } from 'quiesce'
import { parcels } from './parcels.ts'
import { realWorld } from './world.ts'

await run(parcels(realWorld()), { probes: { port: 0 } })
