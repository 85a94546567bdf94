// What Node offers by itself: https://nodejs.org/api/http.html#serverclosecallback
import { createServer } from 'node:http'
import { lameDuck, listener, serve } from '../../../test/support/load/work.mjs'

const server = createServer(listener)
process.on('SIGTERM', async () => {
  await lameDuck()
  server.close(() => process.exit(0))
})
serve(server)
