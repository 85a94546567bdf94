// `npm start` runs the shop until Ctrl+C or SIGTERM; `npm start -- --tour` shows all of it by itself and checks the books.
import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { pino } from 'pino'
import pretty from 'pino-pretty'
import { Registry } from 'prom-client'
import { drawTimeline, drawTree, run } from 'quiesce'
import { inspector } from 'quiesce/inspect'
import { metrics } from 'quiesce/metrics'
import { shop } from './shop.ts'
import { tour } from './tour.ts'

const DEFAULT_FOLDER = fileURLToPath(new URL('../../.data/shop', import.meta.url))

const { values } = parseArgs({
  options: {
    tour: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    port: { type: 'string', default: process.env['PORT'] ?? '8080' },
    folder: { type: 'string', default: DEFAULT_FOLDER },
    probes: { type: 'string', default: '9000' },
    admin: { type: 'string', default: '9001' },
  },
})

if (values.tour) process.exit(await tour())

// One line a step; the JSON that production would read is `npm start -- --json`.
const human = pino(
  { base: null },
  pretty({
    sync: true,
    singleLine: true,
    translateTime: 'HH:MM:ss.l',
    ignore:
      'level,run,id,pid,host,version,quiesce,tree,paths,service,incarnation,err,report,counters,code,node,exit,settleMs,forceCancelled,deadlineMs,cause,count,max,withinMs',
    messageFormat: '{if service}{service}  {end}{msg}{if err.message}: {err.message}{end}',
  }),
)

// By itself the inspector makes a secret of its own, and `quiesce inspect` tells it; here it is printed below.
const token = randomBytes(16).toString('hex')

await run(shop({ folder: values.folder, port: Number(values.port) }), {
  probes: { port: Number(values.probes) },
  admin: { port: Number(values.admin) },
  observers: [metrics({ registry: new Registry() }), inspector({ controls: true, token })],
  ...(values.json ? {} : { log: human }),
  onReady: (system) => {
    if (values.json) return
    const { url } = system.ref('shop/front/api').handle
    console.log(`
${drawTree(system.tree())}

  curl -d '{"item":"tea"}' ${url}/orders
                  an order: it is on disk before it is answered
  curl ${url}/stats
                  how many are on disk, how many are worked off
  curl -X POST ${url}/crash
                  break the fulfilment, and see it come back
  curl -i http://127.0.0.1:${values.probes}/readyz
                  what Kubernetes would ask
  curl http://127.0.0.1:${values.probes}/metrics
                  what Prometheus would fetch
  http://127.0.0.1:${values.admin}/inspect?token=${token}
                  the inspector: see it live, and stop it while you look
  npx quiesce top
                  the same in a terminal; \`npx quiesce help\` says what else
  kill -TERM ${process.pid}
                  or Ctrl+C: drain, stop in order, report
`)
  },
}).then((report) => {
  // On a terminal `run` prints it by itself.
  if (!values.json && !process.stderr.isTTY) console.log(`\n${drawTimeline(report)}`)
})
