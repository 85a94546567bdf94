// What makes two states of a run the same.
import { addressAbove } from '../base/address.js'
import type { TraceEvent } from './trace.js'

/** A state is what each supervisor has seen happen, in its order, and when. Orders of things that no supervisor sees both of are one. */
export class Streams {
  readonly #streams = new Map<string, number>()
  #taken = 0

  take(trace: readonly TraceEvent[]): string {
    for (; this.#taken < trace.length; this.#taken += 1) this.#add(trace[this.#taken] as TraceEvent)
    return [...this.#streams].sort(([a], [b]) => (a < b ? -1 : 1)).join(';')
  }

  #add(event: TraceEvent): void {
    if (event.type === 'rested' || event.type === 'over') return
    const address = event.type === 'fact' ? event.fact.address : 'address' in event ? event.address : ''
    const words = wordsOf(event)
    const parent = addressAbove(address)
    for (const stream of [parent, address]) this.#streams.set(stream, mix(this.#streams.get(stream) ?? 0, words))
  }
}

function wordsOf(event: TraceEvent): string {
  if (event.type !== 'fact') return JSON.stringify(event.type === 'reported' ? event.report.totals : event)
  const { fact } = event
  const incarnation = 'incarnation' in fact ? fact.incarnation : 0
  return `${fact.type} ${fact.address}#${incarnation} ${event.at} ${fact.type === 'stopped' ? fact.ending.verdict : ''}`
}

// FNV-1a over two halves: 53 bits, so that two of some hundred thousand states are not taken for one.
function mix(hash: number, words: string): number {
  let low = (hash >>> 0) ^ 0x811c9dc5
  let high = Math.floor(hash / 2 ** 32) ^ 0x9dc5811c
  for (let index = 0; index < words.length; index += 1) {
    low = Math.imul(low ^ words.charCodeAt(index), 0x01000193)
    high = Math.imul(high ^ words.charCodeAt(index) ^ (low >>> 15), 0x85ebca6b)
  }
  return (high & 0x1fffff) * 2 ** 32 + (low >>> 0)
}
