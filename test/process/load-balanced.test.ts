// A balancer goes on sending requests, and opening connections, until it has noticed that a daemon is going: `lameDuck` outlasts that.
// (A balancer that is itself starved notices later still; then it is refused, and goes elsewhere.) The runs spend their time waiting,
// so they wait together; how soon a daemon ends is asserted where it has the machine for itself.
import { expect, test } from 'vitest'
import { expectNothingBroken, SEEDS, stopUnderLoad } from '../support/load/promise.ts'

test.concurrent.each(SEEDS)('SIGTERM behind a balancer that takes 1.5 s to notice breaks nothing, seed %i', async (seed) => {
  const run = await stopUnderLoad('balanced', seed)
  expectNothingBroken(run)
  expect(run.lateConnections).toBeGreaterThan(10)
  expect(run.inTime).toBe(true)
})
