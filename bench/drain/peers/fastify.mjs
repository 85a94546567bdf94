// As "Example with Fastify" in close-with-grace's README has it. RETURN_503=false sets the option by which fastify serves on while closing.
import closeWithGrace from 'close-with-grace'
import createFastify from 'fastify'
import { lameDuck, serving, work } from '../../../test/support/load/work.mjs'

let isStopping = false
const app = createFastify({ return503OnClosing: process.env.RETURN_503 !== 'false' })
app.get('/work/:id/:ms', (request) => work(request.url))
app.get('/readyz', (_request, reply) => reply.code(isStopping ? 503 : 200).send())
closeWithGrace({ delay: 25_000 }, async () => {
  isStopping = true
  await lameDuck()
  await app.close()
})
await app.listen({ port: 0, host: '127.0.0.1' })
serving(app.server.address().port)
