// Defining a leader: a supervisor of two, the scope that runs only while leading and the campaign that stands for election with it.
// If either ends by accident, the term is given back and the leader crashes as a whole.
import { addressAbove } from '../base/address.js'
import { SpecError } from '../base/errors.js'
import { type Context, incarnationOf } from '../kernel/context.js'
import type { Lease } from '../protocol/lease.js'
import { show } from '../protocol/spec.js'
import { define, definitionOf, type HandleOf, type Leading, type Service } from '../tree/definition.js'
import { type Dynamic, dynamicSupervisor } from '../tree/dynamic-supervisor.js'
import { service } from '../tree/service.js'
import { supervisor } from '../tree/supervisor.js'
import type { Uses } from '../tree/uses.js'
import { Campaign } from './campaign.js'
import { checkLeaderOptions, type LeaderOptions, type LeaderSettings, readLeaderOptions } from './leader-options.js'
import type { Leadership } from './leadership.js'
import { isLease, weaknesses } from './requirement.js'
import { Scope } from './scope.js'

const CAMPAIGN = 'campaign'
/** Under this name the campaign uses the scope; no user's name is a symbol's description with a space. */
const SCOPE = ' scope'

/**
 * Defines a leader: of all candidates of one election at most one leads, and runs its `child`, made for one term. It is `started` once
 * it stands for election, so a standby is ready; it stands for election once the whole tree has started. A promotion waits until the
 * leader before has stepped down, or its lease has expired; a leader that stops finishes what it accepted, writes that down, and only
 * then is the next one promoted.
 *
 * What is wrong with the options is reported with everything else that is wrong with the tree, as a `SpecError` (ERR_SPEC).
 *
 * @example
 * ```ts
 * import { createSystem, leader, service, supervisor } from 'quiesce'
 * import { memoryLease } from 'quiesce/lease/memory'
 *
 * const jobs = leader('jobs', {
 *   lease: memoryLease('jobs'),
 *   child: (term) => service('ticker', { start: () => ({ tick: () => term.run('tick', () => `ticked in term ${term.value}`) }) }),
 * })
 * const system = createSystem(supervisor('app', { children: [jobs] }))
 * await system.start()
 * await system.ref(jobs).promote()
 * console.log(await system.ref(jobs).handle.get().tick()) // ticked in term 1
 * await system.stop()
 * ```
 */
export function leader<const Id extends string, S extends Service, U extends Uses = {}>(
  id: Id,
  options: LeaderOptions<S, U>,
): Service<Leadership<HandleOf<S>>, {}, Id> & Leading {
  // A copy of its own, since whoever wrote it may go on with the object, or have forgotten it.
  const own = { ...options } as unknown as LeaderOptions<Service, Uses>
  const { restart, significant, startTimeout } = own
  const scope = dynamicSupervisor('scope', { child: (made: Service) => made, maxChildren: 1 })
  const campaign = campaignOf(own, scope)
  const outer = definitionOf(
    supervisor(id, {
      children: [scope, campaign],
      strategy: 'one-for-all',
      // Its own supervisor decides whether to try again.
      intensity: { max: 0, within: 1 },
      ...(restart === undefined ? {} : { restart }),
      ...(significant === undefined ? {} : { significant }),
      ...(startTimeout === undefined ? {} : { startTimeout }),
    }),
  )
  if (outer === undefined) throw new TypeError('not a definition of this runtime')
  return define({
    ...outer,
    face: CAMPAIGN,
    check: (where, problems, whole) => {
      outer.check(where, problems, whole)
      checkLeaderOptions(where, own, problems)
    },
  })
}

function campaignOf(options: LeaderOptions<Service, Uses>, scope: Service<Dynamic<Service, Service>>): Service {
  const settings = readLeaderOptions(options)
  const campaigns = new WeakMap<object, Campaign>()
  const of = (handle: object): Campaign => campaigns.get(handle) as Campaign
  return service(CAMPAIGN, {
    uses: { ...options.uses, [SCOPE]: scope } as Uses,
    shutdown: options.shutdown ?? '15s',
    closeReserve: settings.closeReserveMs,
    start: async (ctx) => {
      const campaign = await prepare(ctx as Context<Record<string, unknown>>, settings)
      campaigns.set(campaign.shown, campaign)
      incarnationOf(ctx).world.whenStarted(() => campaign.begin())
      ctx.signal.addEventListener('abort', () => campaign.force(), { once: true })
      return campaign.shown
    },
    drain: (handle) => of(handle).stop(),
    stop: (handle) => of(handle).stop(),
  })
}

async function prepare(ctx: Context<Record<string, unknown>>, settings: LeaderSettings): Promise<Campaign> {
  const { env, world } = incarnationOf(ctx)
  const lease: Lease = typeof settings.lease === 'function' ? await settings.lease(ctx) : settings.lease
  const address = addressAbove(ctx.address)
  if (!isLease(lease)) throw new SpecError([`${address}: \`lease\` made ${show(lease)}, which is no lease store`])
  // One that was given has been looked at with all options; this is for one that was made.
  const weak = weaknesses(lease, settings.require)
  if (weak.length > 0) throw new SpecError(weak.map((problem) => `${address}: ${problem}`))
  lease.useClock?.(env.clock)
  const incarnation = Array.from({ length: 4 }, () =>
    Math.floor(env.random() * 2 ** 32)
      .toString(16)
      .padStart(8, '0'),
  ).join('')
  const candidate = { id: settings.candidate ?? `${address}@${process.pid}-${incarnation.slice(0, 6)}`, incarnation }
  const campaign = new Campaign({ ctx, lease, settings, candidate, scope: new Scope(ctx.uses[SCOPE] as Dynamic<Service, Service>) })
  ctx.defer(() => campaign.abandon())
  // One that is promoted while the whole tree stops would only be stopped again.
  ctx.defer(world.whenStopping(() => campaign.standBack()))
  return campaign
}
