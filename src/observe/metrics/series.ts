// The numbers of one `service` label: what facts have counted, and what was seen in the tree when somebody last looked.
import type { TreeNode } from '../../tree/tree-node.js'

/** What can happen to a candidacy. */
export type Transition = 'promoted' | 'promotion_failed' | 'stepped_down' | 'lease_lost' | 'fence_failed'

/** Why work was refused before the attempt. */
export type RefusalReason = 'at_capacity' | 'draining' | 'not_ready'

// The window of a supervisor is often shorter than the time between two scrapes: its highest level is shown for so long.
const PEAK_SHOWN_MS = 60_000

/** One service, or a dynamic supervisor with all its children. */
export class Series {
  /** The label, one object for all its samples. */
  readonly labels: { readonly service: string }

  // --- counted by facts
  started = 0
  stopped = 0
  startFailures = 0
  crashes = 0
  crashCancelled = 0
  restarts = 0
  evictions = 0
  missedPongs = 0
  abandoned = 0
  hookFailures = 0
  forceClosed = 0
  forceCancelled = 0
  gaveUp = 0
  storeFailures = 0
  readonly transitions: Record<Transition, number> = { promoted: 0, promotion_failed: 0, stepped_down: 0, lease_lost: 0, fence_failed: 0 }
  inFlightAtStart = 0
  /** The incarnations that finish accepted work. */
  readonly #settling = new Set<string>()
  #peak = 0
  #peakUntilAt = 0

  // --- seen in the tree
  /** What it is: a dynamic supervisor is a supervisor, and counts for the services below it. */
  isService = false
  isSupervisor = false
  isLeader = false
  hasHealth = false
  places = 0
  ready = 0
  inFlight = 0
  waiting = 0
  /** Undefined while there is no limit. */
  capacity: number | undefined
  restartLimit: number | undefined
  leading = 0
  term: number | undefined
  #inWindow = 0
  readonly #refused: Record<RefusalReason, Total> = { at_capacity: new Total(), draining: new Total(), not_ready: new Total() }

  constructor(service: string) {
    this.labels = { service }
  }

  // --- facts

  /** One of it begins to finish accepted work; those that do so at the same time are added up. */
  settles(incarnation: string, inFlight: number): void {
    this.inFlightAtStart = this.#settling.size === 0 ? inFlight : this.inFlightAtStart + inFlight
    this.#settling.add(incarnation)
  }

  /** It has ended; true when it had begun to finish accepted work. */
  settled(incarnation: string): boolean {
    return this.#settling.delete(incarnation)
  }

  /** It has restarted a child, the `count`th within its window. */
  restartsChild(count: number, now: number): void {
    this.#peak = now < this.#peakUntilAt ? Math.max(this.#peak, count) : count
    this.#peakUntilAt = now + PEAK_SHOWN_MS
  }

  // --- looks

  /** A look begins: what is seen is added up from nothing. */
  look(): void {
    this.places = 0
    this.ready = 0
    this.inFlight = 0
    this.waiting = 0
    this.capacity = undefined
    this.leading = 0
    this.term = undefined
    this.#inWindow = 0
  }

  /** One of its places. */
  sees(node: TreeNode, isShared: boolean): void {
    this.places += 1
    if (node.status === 'ready') this.ready += 1
    if (node.kind === 'service') this.#seesService(node)
    else if (!isShared) this.#seesSupervisor(node)
    if (node.leader !== undefined) this.#seesLeader(node.leader)
  }

  #seesService({ inFlight, waiting = 0, capacity, health }: TreeNode): void {
    this.isService = true
    this.inFlight += inFlight
    this.waiting += waiting
    if (capacity !== undefined) this.capacity = (this.capacity ?? 0) + capacity
    if (health !== undefined) this.hasHealth = true
  }

  #seesSupervisor({ dynamic, restarts }: TreeNode): void {
    this.isSupervisor = true
    if (dynamic) this.isService = true
    if (restarts === undefined) return
    this.#inWindow = restarts.count
    this.restartLimit = restarts.max
  }

  #seesLeader({ leading, term }: NonNullable<TreeNode['leader']>): void {
    this.isLeader = true
    if (leading) this.leading += 1
    if (term !== undefined) this.term = Math.max(this.term ?? 0, Number(term))
  }

  /** The running totals of what its place has refused. */
  refuses({ atCapacity, draining, notReady }: NonNullable<TreeNode['refused']>): void {
    this.#refused.at_capacity.sees(atCapacity)
    this.#refused.draining.sees(draining)
    this.#refused.not_ready.sees(notReady)
  }

  refused(reason: RefusalReason): number {
    return this.#refused[reason].value
  }

  /** Its place is gone: one that is made anew in its stead counts from 0. */
  leaves(): void {
    for (const total of Object.values(this.#refused)) total.beginAnew()
  }

  /** The restarts within its window: the most there were at once in the last minute. */
  restartsInWindow(now: number): number {
    return now < this.#peakUntilAt ? Math.max(this.#inWindow, this.#peak) : this.#inWindow
  }
}

// A total that begins anew when its place is made anew, though its series goes on.
class Total {
  #before = 0
  #seen = 0

  get value(): number {
    return this.#before + this.#seen
  }

  sees(value: number): void {
    this.#seen = value
  }

  beginAnew(): void {
    this.#before = this.value
    this.#seen = 0
  }
}
