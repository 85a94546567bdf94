// As "How to set Terminus up with Kubernetes?" in its README has it, with a timeout within the grace period.
import { createServer } from 'node:http'
import { createTerminus } from '@godaddy/terminus'
import { lameDuck, listener, serve } from '../../../test/support/load/work.mjs'

const server = createServer(listener)
createTerminus(server, {
  healthChecks: { '/readyz': async () => {} },
  timeout: 25_000,
  useExit0: true,
  beforeShutdown: lameDuck,
})
serve(server)
