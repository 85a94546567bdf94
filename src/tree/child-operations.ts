// What can be asked of a running supervisor about its children. Calls wait their turn in its mailbox, as OTP's do: a hook that
// awaits one of its own supervisor while that waits for this hook waits for ever.
import type { ChildCounts } from '../policy/commands.js'
import type { Restart } from '../protocol/exit.js'
import type { Edge } from './bindings.js'
import type { Service } from './definition.js'
import type { Place } from './place.js'

/** How a child is, in the list of its supervisor. */
export type ChildStatus = 'running' | 'starting' | 'stopping' | 'stopped' | 'restarting' | 'backing-off'

/** One child in the list of its supervisor. */
export interface ChildInfo {
  readonly id: string
  readonly address: string
  readonly kind: 'service' | 'supervisor'
  /** `restarting`: its start failed and is being tried again. */
  readonly status: ChildStatus
  /** The latest one; 0 before the first start. */
  readonly incarnation: number
  readonly restart: Restart
  /** Milliseconds, infinite for no limit. */
  readonly shutdown: number | 'brutal-kill'
  readonly significant: boolean
}

/** The operations of one incarnation of a supervisor. */
export interface ChildOperations {
  start(service: Service): Promise<Place>
  startFor(argument: unknown): Promise<Place>
  terminate(id: string): Promise<void>
  restart(id: string): Promise<Place>
  /** Stops a child in order and starts it again, with all that a crash of it would restart. */
  renew(id: string): Promise<void>
  delete(id: string): Promise<void>
  children(): Promise<readonly ChildInfo[]>
  count(): Promise<ChildCounts>
  readonly size: number
  /** Takes note that two of its children have to do with each other. */
  link(edge: Edge): void
}
