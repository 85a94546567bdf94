// One daemon of the fleet: `daemon.ts --name a --url http://127.0.0.1:8081 --folder F`. Start as many as you like on one machine.
import { parseArgs } from 'node:util'
import { run, service, supervisor } from 'quiesce'
import { api } from './api.ts'
import { Ledger } from './ledger.ts'
import { scheduler } from './scheduler.ts'

const { values } = parseArgs({
  options: {
    name: { type: 'string', default: 'a' },
    url: { type: 'string', default: 'http://127.0.0.1:8081' },
    folder: { type: 'string' },
  },
})
const { name, url, folder } = values
if (folder === undefined) throw new Error('--folder is missing: where the ledger and the lease of the fleet are kept')

const ledger = service('ledger', {
  start: (ctx) => {
    const file = new Ledger(folder)
    ctx.defer(() => file.close())
    return file
  },
})
const lead = scheduler(url, folder, ledger)

// Whoever started it is gone: end as if told to.
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'))

await run(supervisor(name, { children: [ledger, lead, api(url, ledger, lead)] }), { probes: false, marker: false })
