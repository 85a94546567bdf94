// The messages between one service, its supervisor and its children, each ask with its answer; it grows with the facts, so that nothing
// is read twice.
import { addressAbove } from '../../../base/address.js'
import type { FactFrame } from '../../../observe/watch/frames.js'
import { type Message, messageOf, OUTSIDE } from './messages.js'

/** A message, with the one that answers it, if it asks. */
export interface Exchange {
  readonly message: Message
  /** Undefined while nobody has answered. */
  answer: Message | undefined
}

/** What is recorded, in order. */
export interface Facts {
  readonly all: readonly FactFrame[]
}

/** What is said around one address. */
export class Story {
  readonly address: string
  readonly #supervisor: string
  readonly #below: string
  readonly #exchanges: Exchange[] = []
  /** Asks without an answer, by whom they are about and which life of it. */
  readonly #open = new Map<string, Exchange[]>()
  /** The last word of each life, for asks that came after it. */
  readonly #ended = new Map<string, Message>()
  #read = 0
  /** By what facts are told from those of another run, which are numbered alike. */
  #first: FactFrame | undefined

  constructor(address: string) {
    this.address = address
    this.#supervisor = addressAbove(address)
    this.#below = `${address}/`
  }

  /** All that is known, in order. */
  get exchanges(): readonly Exchange[] {
    return this.#exchanges
  }

  /** Whether these are the facts that it has been told, or more of them; if not, begin another story. */
  continues({ all }: Facts): boolean {
    return all.length >= this.#read && (this.#first === undefined || all[0] === this.#first)
  }

  /** Takes the facts that are new. */
  take({ all }: Facts): void {
    this.#first ??= all[0]
    for (; this.#read < all.length; this.#read += 1) {
      const frame = all[this.#read]
      if (frame === undefined || !this.#isHere(frame.fact.address)) continue
      const message = messageOf(frame.fact, frame.seq)
      if (message !== undefined && this.#isBetween(message)) this.#add(message)
    }
  }

  /** The first so many happened by then. */
  countUntil(seq: number): number {
    let [low, high] = [0, this.#exchanges.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#exchanges[middle]?.message.seq ?? 0) <= seq) low = middle + 1
      else high = middle
    }
    return low
  }

  #isHere(address: string): boolean {
    return address === this.address || (address.startsWith(this.#below) && !address.includes('/', this.#below.length))
  }

  // What a child decides by itself is for whoever looks at the child.
  #isBetween({ from, to }: Message): boolean {
    const isKnown = (end: string): boolean => end === this.#supervisor || end === OUTSIDE || this.#isHere(end)
    return isKnown(from) && isKnown(to)
  }

  #add(message: Message): void {
    const exchange: Exchange = { message, answer: undefined }
    this.#exchanges.push(exchange)
    const key = JSON.stringify([message.about, message.life])
    if (message.answers.length > 0) {
      const open = this.#open.get(key) ?? []
      for (const each of open) if (isAnswered(each, message)) each.answer = message
      this.#open.set(
        key,
        open.filter(({ answer }) => answer === undefined),
      )
      if (message.answers.includes('stop')) this.#ended.set(key, message)
    }
    if (message.asks === undefined) return
    exchange.answer = message.asks === 'start' ? undefined : this.#ended.get(key)
    if (exchange.answer === undefined) this.#open.set(key, [...(this.#open.get(key) ?? []), exchange])
  }
}

function isAnswered({ message: { asks } }: Exchange, answer: Message): boolean {
  return asks !== undefined && answer.answers.includes(asks)
}
