// `npm run example:fleet` runs three daemons of which one leads, until all were ended; with `-- --tour` it shows what happens when a
// leader goes, by itself, and checks the ledger.
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Daemon } from './fleet.ts'
import { tour } from './tour.ts'

const DEFAULT_FOLDER = fileURLToPath(new URL('../../.data/fleet', import.meta.url))

const { values } = parseArgs({
  options: {
    tour: { type: 'boolean', default: false },
    port: { type: 'string', default: '8081' },
    folder: { type: 'string', default: DEFAULT_FOLDER },
  },
})

if (values.tour) process.exit(await tour())

const daemons = ['a', 'b', 'c'].map((name, at) => new Daemon(name, `http://127.0.0.1:${Number(values.port) + at}`, values.folder))

// For the leader alone: the others are to take over.
process.on('SIGINT', () => {
  const leader = daemons.find(({ leads }) => leads)
  if (leader === undefined) return console.log('\n   nobody leads at the moment')
  console.log(`\n   Ctrl+C for ${leader.name}, which leads`)
  leader.process.kill('SIGTERM')
})
process.on('SIGTERM', () => {
  for (const daemon of daemons) daemon.process.kill('SIGTERM')
})

await Promise.race([...daemons.map((daemon) => daemon.line(({ msg }) => msg === 'leads')), ...daemons.map((daemon) => daemon.ended)])
const [a] = daemons
console.log(`
   curl -d tea ${a?.url}/jobs
                  a job; whoever does not lead says who does
   curl ${a?.url}/ledger
                  its last lines, with the term of each
   curl -X POST ${a?.url}/step-down
                  hand over, and stay as a standby
   kill -9 ${daemons.map(({ process }) => process.pid).join(' | ')}
                  a, b or c: whoever leads is replaced at once
   Ctrl+C
                  ends the leader in order; the next one takes over
`)
await Promise.all(
  daemons.map(async (daemon) => {
    const how = await daemon.ended
    console.log(`   ${daemon.name} has ended: ${how}`)
  }),
)
