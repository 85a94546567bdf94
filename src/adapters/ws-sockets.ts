// The WebSockets of one server: who is let in, who is still there, and how all are told to go away when the service drains. ws keeps
// no list that a drain could wait for; this is the list, and nobody is left on it when the service has stopped.
import type { IncomingMessage } from 'node:http'
import type { WebSocket } from 'ws'
import type { Timer } from '../base/clock.js'
import { Gate } from '../gate/gate.js'
import { type Context, incarnationOf } from '../kernel/context.js'
import type { Incarnation } from '../kernel/incarnation.js'
import { planFarewell, turnsOf } from '../policy/farewell.js'
import type { HandlesOf, Uses } from '../tree/uses.js'
import { requestContexts } from './http-app.js'
import { idleOrForced } from './http-serving.js'
import type { Upgrade, UpgradeSettings } from './http-upgrades.js'
import { Client, type Hosting, type Outcome } from './ws-client.js'
import { WebSocketServer } from './ws-library.js'
import { type SocketContext, type WebSocketOptions, type WebSocketSettings, webSocketSettingsOf } from './ws-options.js'

type ServiceContext = Context<HandlesOf<Uses>>
type ClientContext = ServiceContext & SocketContext
type Member = Client<ClientContext>

/** The WebSockets of one server. */
export class Sockets {
  /** Those that are open, or being closed. */
  readonly open = new Set<WebSocket>()
  readonly upgrades: UpgradeSettings
  readonly #ctx: ServiceContext
  readonly #incarnation: Incarnation
  readonly #settings: WebSocketSettings
  readonly #verify: WebSocketOptions<Uses>['verify']
  readonly #hosting: Hosting<ClientContext>
  readonly #library: InstanceType<typeof WebSocketServer>
  readonly #ContextOf: new (
    req: IncomingMessage,
  ) => ClientContext
  readonly #members = new Set<Member>()
  /** Those whose `verify` has not answered. */
  readonly #shaking = new Set<Upgrade>()
  #heartbeat: Timer | undefined
  #farewell: { readonly timers: readonly Timer[]; readonly count: number } | undefined
  readonly #outcomes: Record<Outcome, number> = { closed: 0, terminated: 0, gone: 0 }

  constructor(ctx: ServiceContext, options: WebSocketOptions<Uses>) {
    this.#ctx = ctx
    this.#incarnation = incarnationOf(ctx)
    this.#settings = webSocketSettingsOf(options)
    this.#verify = options.verify
    const { connection, message } = options
    const { maxConnections, concurrency, maxPayload, closeTimeoutMs, tuning, path } = this.#settings
    this.#hosting = { incarnation: this.#incarnation, gate: ctx.gate(), signal: ctx.signal, concurrency, connection, message }
    // Its own timer for the answer to a close frame is a safeguard behind ours.
    const closeTimeout = Math.min(2 * closeTimeoutMs, LONGEST_TIMER_MS)
    this.#library = new WebSocketServer({ ...tuning, ...{ closeTimeout }, noServer: true, clientTracking: false, maxPayload })
    this.#ContextOf = contextsOf(ctx)
    this.upgrades = {
      // Not one of the service's own: a WebSocket on which nothing is being handled is no work in flight.
      gate: new Gate({ capacity: maxConnections }, ctx.address, this.#incarnation.env),
      takes: ({ headers }) => headers.upgrade?.toLowerCase() === 'websocket',
      speak: (upgrade) => (path === undefined || pathOf(upgrade.req) === path ? this.#admit(upgrade) : upgrade.refuse(404)),
    }
    ctx.draining.addEventListener('abort', () => this.#drain(), { once: true })
  }

  /** How many messages are being handled or wait for it. */
  get inFlight(): number {
    return this.#hosting.gate.inFlight
  }

  /** Resolves when no message is being handled any more, or the time for that is over. */
  idle(): Promise<void> {
    return idleOrForced(this.#hosting.gate, this.#ctx.signal)
  }

  // --- coming

  #admit(upgrade: Upgrade): unknown {
    const ctx = new this.#ContextOf(upgrade.req)
    const verify = this.#verify
    if (verify === undefined) return this.#open(upgrade, ctx)
    this.#shaking.add(upgrade)
    return this.#ask(upgrade, ctx, verify)
  }

  async #ask(upgrade: Upgrade, ctx: ClientContext, verify: NonNullable<WebSocketOptions<Uses>['verify']>): Promise<void> {
    try {
      const isWelcome = (await verify(upgrade.req, ctx)) === true
      // It may be gone meanwhile, or refused since the service drains.
      if (!upgrade.isOpen) return
      if (isWelcome) this.#open(upgrade, ctx)
      else upgrade.refuse(401)
    } finally {
      this.#shaking.delete(upgrade)
    }
  }

  // A handshake that is none is answered by ws, with 400 or the like.
  #open(upgrade: Upgrade, ctx: ClientContext): void {
    const { req, socket, head } = upgrade
    this.#library.handleUpgrade(req, socket, head, (webSocket) => {
      const member = new Client(webSocket, upgrade.live, ctx, this.#hosting)
      this.#members.add(member)
      this.open.add(webSocket)
      upgrade.connection.farewell = () => member.tellLast()
      webSocket.once('close', (code) => this.#closed(member, code))
      this.#armHeartbeat()
      member.begin()
    })
  }

  #armHeartbeat(): void {
    this.#heartbeat ??= this.#incarnation.env.clock.after(this.#settings.heartbeatMs, () => {
      this.#heartbeat = undefined
      for (const member of [...this.#members]) member.beat()
      if (this.#members.size > 0) this.#armHeartbeat()
    })
  }

  #disarmHeartbeat(): void {
    this.#heartbeat?.cancel()
    this.#heartbeat = undefined
  }

  // --- going

  #drain(): void {
    for (const upgrade of this.#shaking) upgrade.refuse(503)
    this.#disarmHeartbeat()
    if (this.#members.size === 0) return
    const { clock, random } = this.#incarnation.env
    const { closeJitterMs, closeTimeoutMs } = this.#settings
    const plan = planFarewell({ jitterMs: closeJitterMs, timeoutMs: closeTimeoutMs, leftMs: this.#ctx.remainingMs() })
    const members = [...this.#members]
    const turns = turnsOf(members.length, plan.windowMs, random)
    const timers = [
      clock.after(plan.lastCallMs, () => this.#each((member) => member.tell()), true),
      clock.after(plan.endMs, () => this.#each((member) => member.terminate()), true),
    ]
    this.#farewell = { timers, count: members.length }
    for (const [index, member] of members.entries()) member.leaveIn(turns[index] ?? 0, plan.timeoutMs)
  }

  #each(fn: (member: Member) => void): void {
    for (const member of [...this.#members]) fn(member)
  }

  #closed(member: Member, code: number): void {
    this.#members.delete(member)
    this.open.delete(member.socket)
    const farewell = this.#farewell
    if (farewell !== undefined) this.#outcomes[member.outcome(code)] += 1
    if (this.#members.size > 0) return
    this.#disarmHeartbeat()
    for (const timer of farewell?.timers ?? []) timer.cancel()
    if (farewell !== undefined) this.#tally(farewell.count)
  }

  #tally(count: number): void {
    const { closed, terminated, gone } = this.#outcomes
    const parts = [`${closed} closed with 1001`, `${terminated} terminated`, `${gone} gone before`].filter((part) => !part.startsWith('0 '))
    const message = `${count} WebSocket${count === 1 ? '' : 's'}: ${parts.join(', ')}`
    this.#ctx.log.info({ webSockets: count, closed, terminated, gone }, message)
  }
}

/** Beyond it Node's timers fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

function contextsOf(ctx: ServiceContext): new (req: IncomingMessage) => ClientContext {
  return class extends requestContexts(ctx) {
    readonly req: IncomingMessage

    constructor(req: IncomingMessage) {
      super(req)
      this.req = req
    }
  }
}

function pathOf({ url = '' }: IncomingMessage): string {
  const query = url.indexOf('?')
  return query < 0 ? url : url.slice(0, query)
}
