// Measures supervision beside its peers: `npm run bench:supervision [-- --node PATH --rounds N]`. Prints the tables and writes them,
// with the machine they were measured on, to its section of bench/RESULTS.md.
import { parseArgs } from 'node:util'
import { commit, machine, versionOf, writeSection } from '../results.ts'
import { findOtp } from './peers/otp/otp.ts'
import { type Figures, measureAll, type Node } from './runs.ts'
import { tables } from './table.ts'

const NOTES = `Each number is the least disturbed sample of all rounds, with the middle of the rounds' medians in brackets; only the
ratios mean something, since all peers were measured in turn, in the same rounds, on a machine that others use too. Every cell runs in
a process of its own, warmed up, and fails when the starts, stops or answers that it counts are not there or not in order.

- quiesce: \`createSystem\` (checks and layout included), \`start()\`, \`stop()\` with its report; synchronous hooks; no \`run\` around it.
- OTP: one supervisor, a gen_server for each child that traps exits and has a \`terminate\`; the clock starts when the specs are made,
  and a restart is measured up to the child's \`init\`, with the supervisor's list of recent restarts empty at the start of a batch.
- heap: what is more in use after collecting garbage; OTP's is \`erlang:memory(total)\`.
- xstate: child actors that are started and moved to their end by four events, by a real machine and by a lookup table; no supervisor,
  acks, order or restarts. effect: a fiber for each child in one scope; a retry knows no siblings. nact: a stop has no ack, so
  \`afterStop\` is counted; a crashed child is reset in place. So restarts and groups are compared with OTP alone, and so is \`ask\`.
- There is no fire-and-forget among the requests of a service; in its place stands \`ask\` with 1 000 in flight, against
  \`gen_server:send_request\` and \`receive_response\`.`

const { values } = parseArgs({
  options: { node: { type: 'string', multiple: true, default: [] }, rounds: { type: 'string', default: '3' } },
})
const nodes: Node[] = [process.execPath, ...values.node].map((path) => ({ path, version: versionOf(path) }))
using otp = await findOtp()
if (otp === undefined) console.log('OTP is skipped: no `erl` on the PATH (Debian: erlang-base). There are no ratios without it.')
const rounds = Number(values.rounds)
const figures = await measureAll(nodes, otp, rounds)
const text = tables(figures, nodes)
console.log(text)
writeSection('supervision', section(text, figures))
if (figures.failures.length > 0) process.exitCode = 1

function section(text: string, { failures }: Figures): string {
  const about = [
    machine(),
    nodes.map(({ version }) => `Node ${version}`).join(', '),
    otp === undefined ? 'no OTP' : `OTP ${otp.version}`,
    `commit ${commit()}`,
    `${new Date().toISOString().slice(0, 10)}, ${rounds} rounds`,
  ]
  const failed = failures.map((failure) => `- failed: ${failure}`).join('\n')
  return ['# Supervision', `${about.join(' · ')}. Written by \`npm run bench:supervision\`.`, text, NOTES, failed].join('\n\n')
}
