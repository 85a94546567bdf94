// As its README has it, waiting in `preShutdown` where a balancer needs time.
import { createServer } from 'node:http'
import gracefulShutdown from 'http-graceful-shutdown'
import { lameDuck, listener, serve } from '../../../test/support/load/work.mjs'

const server = createServer(listener)
gracefulShutdown(server, { timeout: 25_000, preShutdown: lameDuck })
serve(server)
