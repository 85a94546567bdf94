// A tree and what its services do, as plain data: so it can be shrunk, printed and run again.
import type { Restart } from '../protocol/exit.js'
import type { BackoffOptions, Shutdown, StrategyName } from '../protocol/spec.js'

/** What one call of a hook comes to. `abort-error` is somebody else's AbortError, `ignored` is `ctx.ignore()`. */
export type Outcome = 'ok' | 'error' | 'abort-error' | 'never' | 'ignored'

/** One call of a hook: synchronous without `ms`; otherwise it settles so many milliseconds later, when the schedule lets it. */
export interface HookAct {
  readonly ends: Outcome
  readonly ms?: number
  /** Gives up as soon as `ctx.signal` is aborted. */
  readonly obeys?: boolean
  /** For `stop`: says at once that it is done, and is so `ms` later. A bug to be found. */
  readonly early?: boolean
}

/** What one incarnation does; a hook that is left out is not defined for calm ones and returns at once. */
export interface Behaviour {
  readonly start?: HookAct
  readonly drain?: HookAct
  readonly stop?: HookAct
  /** What it defers as it starts. */
  readonly release?: HookAct
  /** Fails by itself so long after it has started. */
  readonly crashAfterMs?: number
  /** Takes a permit as it starts, and gives it back so long afterwards. */
  readonly permitMs?: number | 'never'
}

/** One declared use, by the address of the used service. */
export interface UsePlan {
  readonly target: string
  readonly live: boolean
}

interface ChildPlan {
  readonly id: string
  readonly restart?: Restart
  readonly shutdown?: Shutdown
  readonly significant?: boolean
}

/** One service. */
export interface ServicePlan extends ChildPlan {
  readonly kind: 'service'
  readonly edge?: boolean
  /** It is a `run`: what `drain` and `stop` do happens in it, once it is told to drain. */
  readonly runs?: true
  readonly uses?: readonly UsePlan[]
  /** What its first, second, … incarnation does; those after that are calm. */
  readonly lives?: readonly Behaviour[]
}

/** One supervisor and all below it. */
export interface SupervisorPlan extends ChildPlan {
  readonly kind: 'supervisor'
  readonly strategy?: StrategyName
  readonly order?: 'declared' | 'graph'
  readonly intensity?: { readonly max: number; readonly within: number }
  readonly autoShutdown?: 'never' | 'any-significant' | 'all-significant'
  readonly backoff?: BackoffOptions
  readonly children: readonly Plan[]
}

/** A tree. */
export type Plan = ServicePlan | SupervisorPlan

/** Every plan of a tree with its address, parents before children. */
export function* everyPlan(plan: Plan, above = ''): Generator<{ readonly address: string; readonly plan: Plan }> {
  const address = above === '' ? plan.id : `${above}/${plan.id}`
  yield { address, plan }
  if (plan.kind === 'supervisor') for (const child of plan.children) yield* everyPlan(child, address)
}

/** The tree as text, one line a place, with all that is not a default. */
export function drawPlan(plan: Plan): string {
  const lines: string[] = []
  const draw = (current: Plan, head: string, indent: string): void => {
    lines.push(`${head}${current.id}${describePlan(current)}`)
    const children = current.kind === 'supervisor' ? current.children : []
    children.forEach((child, index) => {
      const isLast = index === children.length - 1
      draw(child, `${indent}${isLast ? '└─ ' : '├─ '}`, `${indent}${isLast ? '   ' : '│  '}`)
    })
  }
  draw(plan, '', '')
  return lines.join('\n')
}

function describePlan(plan: Plan): string {
  const { id: _id, kind: _kind, ...rest } = plan
  const words = Object.entries(rest).flatMap(([name, value]) => {
    if (name === 'children' || value === undefined) return []
    if (name === 'uses') return (value as readonly UsePlan[]).map((use) => `uses ${use.live ? 'live ' : ''}${use.target}`)
    if (name === 'lives') return (value as readonly Behaviour[]).map((life, index) => `#${index + 1} ${describeLife(life)}`)
    return [`${name} ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`]
  })
  return words.length === 0 ? '' : `  (${words.join(', ')})`
}

function describeLife({ crashAfterMs, permitMs, ...hooks }: Behaviour): string {
  const words = Object.entries(hooks).flatMap(([name, act]) => (act === undefined ? [] : [`${name}:${describeAct(act as HookAct)}`]))
  if (crashAfterMs !== undefined) words.push(`crashes after ${crashAfterMs} ms`)
  if (permitMs !== undefined) words.push(`holds a permit ${permitMs === 'never' ? 'for ever' : `for ${permitMs} ms`}`)
  return words.length === 0 ? 'calm' : words.join(' ')
}

function describeAct({ ends, ms, obeys, early }: HookAct): string {
  return `${ends}${ms === undefined ? ' at once' : ` after ${ms} ms`}${obeys === true ? ' (obeys)' : ''}${early === true ? ' (does not wait)' : ''}`
}
