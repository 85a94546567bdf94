// How it must have been before: whoever comes late is told the state and, after it, what happened before. What a service was in then
// shows in the first thing that it did.
import { addressAbove, idOf } from '../../base/address.js'
import type { TreeNode } from '../../tree/tree-node.js'
import type { FactFrame, StateFrame, WireFact } from '../watch/frames.js'
import { statusIn } from './picture-node.js'

/** What the first facts of one place say of how it was before them. */
interface Beginning {
  readonly state: TreeNode['state']
  /** 0: it had never started. */
  readonly incarnation: number
}

type Beginnings = ReadonlyMap<string, Beginning>

/** The state before the first of some facts, which end with the state: `history` holds those up to its number, first to last. */
export function stateBefore(state: StateFrame, history: readonly FactFrame[]): StateFrame {
  const first = history[0]
  if (first === undefined) return state
  const beginnings = beginningsOf(history)
  const places = new Map<string, TreeNode>()
  const tree = nodeBefore(state.tree, beginnings, places)
  addVanished(beginnings, places)
  const absent = addedIn(history, places)
  const { at } = first.fact
  return {
    ...state,
    seq: first.seq - 1,
    at,
    wallAt: state.wallAt - (state.at - at),
    tree: without(tree, absent),
    machines: machinesBefore(state, at),
    stop: stopBefore(state, at),
    report: undefined,
  }
}

// Only what was so already when the first of the facts came.
function machinesBefore({ machines = {} }: StateFrame, at: number): StateFrame['machines'] {
  return Object.fromEntries(Object.entries(machines).filter(([, machine]) => machine.at < at))
}

function stopBefore({ stop }: StateFrame, at: number): StateFrame['stop'] {
  if (stop === undefined || stop.startedAt >= at) return undefined
  const phases = stop.phases.filter(({ startedAt }) => startedAt < at)
  const under = phases.map((each) => (each.startedAt + (each.tookMs ?? 0) >= at ? { ...each, tookMs: undefined, failed: false } : each))
  return { ...stop, phases: under, endedAt: undefined, summary: undefined }
}

function beginningsOf(history: readonly FactFrame[]): Beginnings {
  const beginnings = new Map<string, Beginning>()
  const calledOff = new Set(
    history.flatMap(({ fact }) => (fact.type === 'stopped' && !fact.ending.hadStarted ? `${fact.address}#${fact.incarnation}` : [])),
  )
  for (const { fact } of history) {
    if (beginnings.has(fact.address)) continue
    const hadStarted = !('incarnation' in fact) || !calledOff.has(`${fact.address}#${fact.incarnation}`)
    const beginning = beginningIn(fact, hadStarted)
    if (beginning !== undefined) beginnings.set(fact.address, beginning)
  }
  return beginnings
}

/** What a step in a life says of how its place was before it; undefined for what is no step. `hadStarted`: whether it ever had. */
function beginningIn(fact: WireFact, hadStarted: boolean): Beginning | undefined {
  switch (fact.type) {
    case 'starting':
      return { state: 'stopped', incarnation: fact.incarnation - 1 }
    case 'started':
    case 'start-failed':
    case 'ignored':
      return { state: 'starting', incarnation: fact.incarnation }
    case 'draining':
      return { state: fact.state === 'cancelling' ? 'starting' : 'ready', incarnation: fact.incarnation }
    case 'closing':
      return { state: hadStarted ? 'settling' : 'cancelling', incarnation: fact.incarnation }
    case 'stopped': {
      const { tookMs, closeMs } = fact.ending
      const { incarnation } = fact
      if (closeMs !== undefined) return { state: 'closing', incarnation }
      // One that was ended by force, at once, took no time.
      if (tookMs === 0) return { state: hadStarted ? 'ready' : 'starting', incarnation }
      return { state: hadStarted ? 'settling' : 'cancelling', incarnation }
    }
    case 'deleted':
      return { state: 'stopped', incarnation: 1 }
    default:
      return undefined
  }
}

// Whoever took no step is as the state has it.
function nodeBefore(node: TreeNode, beginnings: Beginnings, places: Map<string, TreeNode>): TreeNode {
  const beginning = beginnings.get(node.address)
  const children = node.children.map((child) => nodeBefore(child, beginnings, places))
  const before = { ...node, ...(beginning && lived(beginning)), children }
  places.set(node.address, before)
  return before
}

function lived({ state, incarnation }: Beginning): Pick<TreeNode, 'state' | 'status' | 'incarnation' | 'inFlight'> {
  return { state, status: statusIn(state), incarnation, inFlight: 0 }
}

// Those that were there, and had gone by the time of the state.
function addVanished(beginnings: Beginnings, places: Map<string, TreeNode>): void {
  for (const [address, beginning] of [...beginnings].sort(([one], [other]) => depth(one) - depth(other))) {
    if (places.has(address) || beginning.incarnation === 0) continue
    const parent = places.get(addressAbove(address))
    if (parent === undefined) continue
    const node: TreeNode = {
      id: idOf(address),
      address,
      kind: 'service',
      restart: 'permanent',
      edge: false,
      dynamic: false,
      uses: [],
      hasMachine: false,
      children: [],
      ...lived(beginning),
    }
    places.set(address, node)
    ;(parent.children as TreeNode[]).push(node)
  }
}

const depth = (address: string): number => address.split('/').length

// One that starts for the first time while its supervisor is ready was not there before: those that were written start with it.
function addedIn(history: readonly FactFrame[], places: ReadonlyMap<string, TreeNode>): Set<string> {
  const ready = new Set([...places.values()].flatMap(({ address, state }) => (state === 'ready' ? address : [])))
  const added = new Set<string>()
  for (const { fact } of history) {
    if (fact.type === 'started') ready.add(fact.address)
    if (fact.type === 'draining' || fact.type === 'stopped') ready.delete(fact.address)
    if (fact.type === 'starting' && fact.incarnation === 1 && ready.has(addressAbove(fact.address))) added.add(fact.address)
  }
  return added
}

function without(node: TreeNode, absent: ReadonlySet<string>): TreeNode {
  return { ...node, children: node.children.filter(({ address }) => !absent.has(address)).map((child) => without(child, absent)) }
}
