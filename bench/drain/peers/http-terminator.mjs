// As its README has it.
import { createServer } from 'node:http'
import { createHttpTerminator } from 'http-terminator'
import { lameDuck, listener, serve } from '../../../test/support/load/work.mjs'

const server = createServer(listener)
const terminator = createHttpTerminator({ server, gracefulTerminationTimeout: 25_000 })
process.on('SIGTERM', async () => {
  await lameDuck()
  await terminator.terminate()
  process.exit(0)
})
serve(server)
