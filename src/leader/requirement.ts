// What a leader requires of its lease store, and in what a store promises less: a fence is worth as much as the terms that it compares.
import type { Lease, LeaseGuarantees } from '../protocol/lease.js'
import { type Problems, show } from '../protocol/spec.js'

/** What a store must promise at least. */
export type Requirement = Partial<Pick<LeaseGuarantees, 'exclusion' | 'token'>>

/** The weakest first. */
const RANKS = {
  exclusion: ['best-effort', 'single-node', 'consensus'],
  token: ['none', 'may-regress', 'monotonic'],
} as const

/** What a promise means that is less than another one. */
const MEANINGS: Readonly<Record<string, string>> = {
  'best-effort': 'after a failover two may hold one term',
  'single-node': 'one node alone keeps it',
  none: 'there is no term to fence by',
  'may-regress': 'after a loss of data a term may be granted a second time, which no fence can tell from the first',
}

/** Fills in what was not said: that terms only grow. */
export function readRequirement(given: Requirement | undefined): Requirement {
  return { ...given, token: given?.token ?? 'monotonic' }
}

/** Whether that is a lease store, as far as can be seen. */
export function isLease(value: unknown): value is Lease {
  return typeof value === 'object' && value !== null && 'guarantees' in value
}

/** Notes what is wrong with the requirement, and in what a store that is given falls short of it. */
export function checkRequirement(
  where: string,
  { require, lease }: { readonly require?: Requirement; readonly lease: unknown },
  problems: Problems,
): void {
  const before = problems.list.length
  if (require !== undefined && (typeof require !== 'object' || require === null))
    return problems.add(where, `\`require\` is ${show(require)}; write \`require: { exclusion: 'consensus' }\``)
  // What is not looked at would be taken for a promise.
  for (const name of Object.keys(require ?? {}))
    if (!(name in RANKS)) problems.add(where, `\`require.${name}\` cannot be required; \`exclusion\` and \`token\` can`)
  problems.oneOf(where, 'require.exclusion', require?.exclusion, RANKS.exclusion, 'best-effort')
  problems.oneOf(where, 'require.token', require?.token, RANKS.token, 'monotonic')
  if (problems.list.length > before || !isLease(lease)) return
  for (const weak of weaknesses(lease, readRequirement(require))) problems.add(where, weak)
}

/** In what a store promises less than is required. */
export function weaknesses({ election, guarantees }: Lease, required: Requirement): readonly string[] {
  return (['exclusion', 'token'] as const).flatMap((name) => {
    const [promised, wanted] = [guarantees[name], required[name]]
    const rank = (value: string): number => (RANKS[name] as readonly string[]).indexOf(value)
    if (wanted === undefined || rank(promised) >= rank(wanted)) return []
    const remedy = promised === 'may-regress' ? 'give a localLease a `directory` that outlives a restart of the host, or take' : 'take'
    return [
      `the lease store of ${election} is too weak: its ${name} is ${promised} (${MEANINGS[promised]}), at least ${wanted} is required; ` +
        `${remedy} another store, or accept that with \`require: { ${name}: '${promised}' }\``,
    ]
  })
}
