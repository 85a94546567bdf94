// What a person may ask of a running system by hand, and the answer in words. Everything is asked of the supervisors, so the rules of
// the tree hold; each request is a line in the log.
import { addressAbove, idOf } from '../base/address.js'
import { describe, QuiesceError } from '../base/errors.js'
import type { Log } from '../base/log.js'
import type { System } from '../tree/system.js'
import { everyNode, type TreeNode } from '../tree/tree-node.js'
import type { Route } from './observer.js'

/** What can be asked for. */
const VERBS = ['restart', 'drain', 'kill', 'step-down'] as const
export type Verb = (typeof VERBS)[number]

/** Why something that was asked for is not done: in words, and as a status of HTTP. */
class Refused extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** `POST <prefix>/control?verb=restart&address=shop/api`; answers `{ outcome }`, or `{ error }` with a status that says whose fault it is. */
export function controlRoute(system: System, log: Log): Route {
  return async (request) => {
    const { searchParams } = new URL(request.url)
    const verb = searchParams.get('verb') ?? ''
    const address = searchParams.get('address') || undefined
    try {
      if (!isVerb(verb)) throw new Refused(400, `there is no "${verb}"; there are ${VERBS.join(', ')}`)
      log.warn({ verb, service: address ?? system.tree().address }, `asked for by hand: ${verb}`)
      return Response.json({ outcome: await perform(system, verb, address) })
    } catch (error) {
      const status = error instanceof Refused ? error.status : error instanceof QuiesceError ? 409 : 500
      return Response.json({ error: describe(error) }, { status })
    }
  }
}

function isVerb(word: string): word is Verb {
  return (VERBS as readonly string[]).includes(word)
}

/** Does it; resolves with what came of it when it is done. */
async function perform(system: System, verb: Verb, address: string | undefined): Promise<string> {
  const root = system.tree()
  if (verb === 'drain' && (address === undefined || address === root.address)) return await drainEdges(system, root)
  if (address === undefined) throw new Refused(400, `${verb} needs an address, such as ${exampleOf(root)}`)
  const node = nodeAt(root, address)
  if (node === undefined) throw new Refused(404, `there is no ${address} in the tree of ${root.address}`)
  if (node === root) throw new Refused(409, `${address} is the root: to end the daemon, send its process (${process.pid}) SIGTERM`)
  switch (verb) {
    case 'restart':
      await refAt(system, address).restart()
      return `${address} is ready again`
    case 'drain':
      await drain(system, address)
      return `${address} has stopped; the process stays. \`restart\` brings it back`
    case 'kill':
      return await kill(system, address)
    case 'step-down':
      return await stepDown(system, node)
  }
}

async function drainEdges(system: System, root: TreeNode): Promise<string> {
  const edges = everyNode(root).filter(({ edge, status }) => edge && status !== 'stopped')
  if (edges.length === 0)
    throw new Refused(409, `nothing in ${root.address} takes work in from outside (no \`edge\` runs); name an address`)
  await Promise.all(edges.map(({ address }) => drain(system, address)))
  return `${edges.map(({ address }) => address).join(', ')}: no new work, all accepted work is finished; the process stays. \`restart\` brings each back`
}

async function drain(system: System, address: string): Promise<void> {
  const supervisor = refAt(system, addressAbove(address)) as unknown as { terminateChild(id: string): Promise<void> }
  await supervisor.terminateChild(idOf(address))
}

async function kill(system: System, address: string): Promise<string> {
  const ref = refAt(system, address)
  const { incarnation } = ref
  if (ref.status === 'stopped' || ref.status === 'backing-off') throw new Refused(409, `nothing of ${address} runs: it is ${ref.status}`)
  const ended = ref.stopped()
  ref.kill()
  await ended
  return `${address} (incarnation ${incarnation}) was ended by force; its supervisor decides what follows`
}

async function stepDown(system: System, { address, leader }: TreeNode): Promise<string> {
  if (leader === undefined) throw new Refused(409, `${address} is no leader`)
  if (!leader.leading) throw new Refused(409, `${address} does not lead`)
  await (refAt(system, address) as unknown as { stepDown(): Promise<void> }).stepDown()
  return `${address} has stepped down from term ${leader.term}`
}

function refAt(system: System, address: string): ReturnType<System['ref']> {
  return system.ref(address as never) as ReturnType<System['ref']>
}

function nodeAt(root: TreeNode, address: string): TreeNode | undefined {
  return everyNode(root).find((node) => node.address === address)
}

function exampleOf(root: TreeNode): string {
  return everyNode(root).at(-1)?.address ?? root.address
}
