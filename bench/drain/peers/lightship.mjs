// As "Using with Express.js" in its README has it; the handler waits for the server, so that what is in flight is not cut off.
import { createServer } from 'node:http'
import { createLightship } from 'lightship'
import { lameDuckMs, listener, serving } from '../../../test/support/load/work.mjs'

const lightship = await createLightship({ shutdownDelay: lameDuckMs, shutdownHandlerTimeout: 25_000 })
const server = createServer(listener)
lightship.registerShutdownHandler(() => new Promise((resolve) => server.close(resolve)))
server.listen(0, '127.0.0.1', () => {
  lightship.signalReady()
  serving(server.address().port, `http://127.0.0.1:${lightship.server.address().port}/ready`)
})
