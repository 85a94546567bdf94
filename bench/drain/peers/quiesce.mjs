// As its README has it.

import { httpServer } from '../../../dist/http.js'
import { run, supervisor } from '../../../dist/index.js'
import { lameDuckMs, serving, work } from '../../../test/support/load/work.mjs'

const api = httpServer('api', { host: '127.0.0.1', handler: async (req, res) => void res.end(await work(req.url)) })
await run(supervisor('shop', { children: [api] }), {
  probes: { port: 0 },
  lameDuck: lameDuckMs,
  marker: false,
  onReady: (system) => serving(system.ref(api).handle.port),
})
