// As its README has it.
import { createServer } from 'node:http'
import stoppable from 'stoppable'
import { lameDuck, listener, serve } from '../../../test/support/load/work.mjs'

const server = stoppable(createServer(listener), 25_000)
process.on('SIGTERM', async () => {
  await lameDuck()
  server.stop(() => process.exit(0))
})
serve(server)
