// As "HTTP server" in its documentation has it: a layer that is launched as the main program.
import { createServer } from 'node:http'
import { NodeHttpServer, NodeRuntime } from '@effect/platform-node'
import { Effect, Layer } from 'effect'
import { HttpRouter, HttpServerResponse } from 'effect/http'
import { lameDuck, serving, work } from '../../../test/support/load/work.mjs'

let isStopping = false
const routes = Layer.mergeAll(
  HttpRouter.add('GET', '/work/:id/:ms', (request) =>
    Effect.map(
      Effect.promise(() => work(request.url)),
      (text) => HttpServerResponse.text(text),
    ),
  ),
  HttpRouter.add('GET', '/readyz', () => Effect.sync(() => HttpServerResponse.empty({ status: isStopping ? 503 : 200 }))),
)
const server = createServer()
server.once('listening', () => serving(server.address().port))
const serve = HttpRouter.serve(routes).pipe(Layer.provide(NodeHttpServer.layer(() => server, { port: 0, host: '127.0.0.1' })))
// Made after the server, so released before it.
const notice = Layer.effectDiscard(
  Effect.addFinalizer(() =>
    Effect.promise(() => {
      isStopping = true
      return lameDuck()
    }),
  ),
).pipe(Layer.provideMerge(serve))
Layer.launch(notice).pipe(NodeRuntime.runMain)
