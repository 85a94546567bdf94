// Who leads, and when: L17 (one at a time, each after the one before has ended) and L18 (a term is given back when nothing of it runs).
import type { Fact } from '../../protocol/fact.js'
import type { Law } from '../law.js'

/** L17. */
export const oneLeaderAfterTheOther: Law = {
  id: 'L17',
  says: 'nobody leads before the leader before has stepped down or has lost its lease',
  watch: () => {
    const leading = new Map<string, { readonly address: string; readonly term: bigint }>()
    const latest = new Map<string, bigint>()
    return (event) => {
      if (event.type !== 'fact') return undefined
      const { fact } = event
      if (hasEnded(fact) && leading.get(fact.election)?.term === fact.term) leading.delete(fact.election)
      if (fact.type !== 'promoting' && fact.type !== 'promoted') return undefined
      const { address, election, term } = fact
      const other = leading.get(election)
      if (other !== undefined && other.term !== term)
        return `\`${address}\` was being promoted in term ${term} of ${election} at ${event.at} ms, while \`${other.address}\` still led in term ${other.term}`
      const before = latest.get(election) ?? 0n
      if (fact.type === 'promoting' && term <= before)
        return `\`${address}\` was granted term ${term} of ${election} at ${event.at} ms, after term ${before}`
      latest.set(election, term)
      if (fact.type === 'promoted') leading.set(election, { address, term })
      return undefined
    }
  },
}

/** L18. */
export const termsEndEmpty: Law = {
  id: 'L18',
  says: 'a leader steps down when nothing of its term runs, and each term ends once',
  watch: () => {
    const running = new Set<string>()
    const ended = new Set<string>()
    return (event) => {
      if (event.type !== 'fact') return undefined
      const { fact } = event
      if (fact.type === 'starting') running.add(fact.address)
      if (fact.type === 'stopped' || fact.type === 'ignored') running.delete(fact.address)
      if (!hasEnded(fact)) return undefined
      const term = `term ${fact.term} of ${fact.election}`
      const key = `${fact.address} ${term}`
      if (ended.has(key)) return `\`${fact.address}\` ended ${term} at ${event.at} ms for the second time`
      ended.add(key)
      const scope = `${fact.address}/scope/`
      const left = [...running].find((address) => address.startsWith(scope))
      if (fact.type === 'lease-lost' || left === undefined) return undefined
      return `\`${fact.address}\` stepped down from ${term} at ${event.at} ms, while \`${left}\` had not stopped`
    }
  },
}

function hasEnded(fact: Fact): fact is Extract<Fact, { readonly type: 'stepped-down' | 'lease-lost' }> {
  return fact.type === 'stepped-down' || fact.type === 'lease-lost'
}
