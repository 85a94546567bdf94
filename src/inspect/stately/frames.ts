// XState's inspection events as Stately's inspector is sent them: plain JSON, made while they happen, so that each tells of its own
// moment. Without leave nothing goes out but names, states and times: neither contexts nor what events carry.
import { chartOf, lifecycleChart } from '../../kernel/chart.js'
import type { InspectionEvent } from '../../kernel/tap.js'
import { definitionOf } from './definition.js'
import { plainOf } from './payload.js'

// The version of the format that is spoken here; receivers look for one.
const VERSION = '0.7.2'

/** A snapshot as it is sent. */
export interface StatelySnapshot {
  readonly status: string
  readonly value?: unknown
  readonly tags?: readonly string[]
  readonly context?: unknown
  readonly output?: unknown
  readonly error?: unknown
}

interface Head {
  readonly sessionId: string
  readonly rootId: string
  /** Milliseconds since 1970, as text. */
  readonly createdAt: string
  readonly id: null
  readonly _version: string
}

interface ActorFrame extends Head {
  readonly type: '@xstate.actor'
  readonly name: string
  /** A machine's definition as JSON. */
  readonly definition: string
  readonly parentId?: string | undefined
  readonly snapshot: StatelySnapshot
}

interface EventFrame extends Head {
  readonly type: '@xstate.event'
  readonly event: { readonly type: string }
  readonly sourceId?: string | undefined
}

/** How an actor is. */
export interface SnapshotFrame extends Head {
  readonly type: '@xstate.snapshot'
  readonly event: { readonly type: string }
  readonly snapshot: StatelySnapshot
}

/** What Stately's inspector is sent. */
export type StatelyFrame = ActorFrame | EventFrame | SnapshotFrame

interface Ref {
  readonly id: string
  readonly sessionId: string
  readonly logic: unknown
  readonly _parent?: { readonly sessionId: string }
  getSnapshot(): AnySnapshot | undefined
}

type AnySnapshot = StatelySnapshot & { readonly tags?: Iterable<string> }

/** The frame of an event; undefined for what Stately's inspector takes no interest in. */
export function frameOf(event: InspectionEvent, withPayload: boolean): StatelyFrame | undefined {
  const ref = event.actorRef as unknown as Ref
  const head = headOf(ref.sessionId, event.rootId)
  if (event.type === '@xstate.actor') {
    const snapshot = presentOf(ref)
    return {
      ...head,
      type: '@xstate.actor',
      name: ref.id,
      definition: definitionFor(ref),
      ...(ref._parent === undefined ? {} : { parentId: ref._parent.sessionId }),
      snapshot: snapshot === undefined ? { status: 'active' } : snapshotOf(ref, snapshot, withPayload),
    }
  }
  if (event.type === '@xstate.event') {
    const sourceId = (event.sourceRef as unknown as Ref | undefined)?.sessionId
    return { ...head, type: '@xstate.event', event: eventOf(event.event, withPayload), ...(sourceId === undefined ? {} : { sourceId }) }
  }
  if (event.type !== '@xstate.snapshot') return undefined
  const snapshot = snapshotOf(ref, event.snapshot as AnySnapshot, withPayload)
  return { ...head, type: '@xstate.snapshot', event: eventOf(event.event, withPayload), snapshot }
}

/** The frame that tells of an end which nobody saw. */
export function goneFrame(sessionId: string, rootId: string): SnapshotFrame {
  return { ...headOf(sessionId, rootId), type: '@xstate.snapshot', event: { type: 'xstate.stop' }, snapshot: { status: 'stopped' } }
}

function headOf(sessionId: string, rootId: string): Head {
  return { sessionId, rootId, createdAt: String(Date.now()), id: null, _version: VERSION }
}

function definitionFor({ id, logic }: Ref): string {
  const chart = chartOf(logic)
  return chart === undefined ? JSON.stringify({ id }) : definitionOf(chart)
}

// One that is being made just now has none yet.
function presentOf(ref: Ref): AnySnapshot | undefined {
  try {
    return ref.getSnapshot()
  } catch {
    return undefined
  }
}

function eventOf(event: { readonly type: string }, withPayload: boolean): { readonly type: string } {
  return withPayload ? (plainOf(event) as { readonly type: string }) : { type: event.type }
}

function snapshotOf(ref: Ref, snapshot: AnySnapshot, withPayload: boolean): StatelySnapshot {
  const { status, value, tags, context, output, error } = snapshot
  const shown = {
    status,
    ...(value === undefined ? {} : { value: plainOf(value) }),
    ...(tags === undefined ? {} : { tags: [...tags] }),
  }
  if (withPayload) return { ...shown, ...(plainOf({ context, output, error }) as object) }
  // How a service has ended, not with what.
  const reason = chartOf(ref.logic) === lifecycleChart ? (output as { readonly reason?: string } | undefined)?.reason : undefined
  return reason === undefined ? shown : { ...shown, output: { reason } }
}
