// One line of the sequence: an arrow from lifeline to lifeline, or a word at one of them.

import { dress, html, write } from '../elements-dom.js'
import type { Message } from './messages.js'
import { nameOf } from './messages.js'
import type { Lifeline, Row } from './rows.js'

/** Where lifelines stand, in percent of the width. */
export class Lanes {
  readonly #lifelines: readonly Lifeline[]

  constructor(lifelines: readonly Lifeline[]) {
    this.#lifelines = lifelines
  }

  at(index: number): number {
    return ((index + 0.5) / Math.max(1, this.#lifelines.length)) * 100
  }

  /** Of an address; of those without one of their own, the last. */
  of(address: string): number {
    const own = this.#lifelines.findIndex((lifeline) => lifeline.address === address)
    return this.at(own >= 0 ? own : this.#lifelines.length - 1)
  }

  hasOwn(address: string): boolean {
    return this.#lifelines.some((lifeline) => lifeline.address === address)
  }
}

/** Where words go. */
export interface Room {
  readonly lanes: Lanes
  /** Of the part with the lifelines, in pixels. */
  readonly width: number
  readonly measure: (text: string) => number
}

/** How a row is drawn. */
export interface Drawn extends Room {
  /** The time of day of a moment. */
  readonly clock: (at: number) => string
  /** What is said of an answer that is still to come; undefined when none is. */
  readonly owed: (message: Message) => string | undefined
}

export function makeRow(): HTMLElement {
  const text = html('span', { class: 'sequence-text' })
  const lane = html('span', { class: 'sequence-lane' }, html('span', { class: 'sequence-line' }), text)
  return html('div', { class: 'sequence-row', role: 'option' }, html('span', { class: 'sequence-time' }), ' ', lane)
}

export function fillRow(element: HTMLElement, row: Row, drawn: Drawn): void {
  const { lanes, clock, owed } = drawn
  const [time, lane] = element.children as unknown as [HTMLElement, HTMLElement]
  const [line, text] = lane.children as unknown as [HTMLElement, HTMLElement]
  if (row.kind === 'fold') {
    dress(element, { 'data-way': 'fold', 'data-tone': undefined, 'data-open': undefined })
    write(time, '')
    write(text, `… ${row.count} messages`)
    dress(element, { 'aria-label': `${row.count} messages are folded; Enter shows them` })
    place(text, 50, drawn)
    return
  }
  const { message, answer } = row
  const [from, to] = [lanes.of(message.from), lanes.of(message.to)]
  const waits = answer === undefined ? owed(message) : undefined
  dress(element, {
    'data-way': from === to ? 'self' : from < to ? 'right' : 'left',
    'data-tone': message.tone,
    'data-open': waits === undefined ? undefined : '',
  })
  write(time, clock(message.at))
  span(line, from, to)
  const who = lanes.hasOwn(message.about) ? '' : `${nameOf(message.about)}: `
  const words = `${who}${message.text}`
  write(text, `${words}${waits === undefined ? '' : ' …'}`)
  place(text, (from + to) / 2, drawn)
  dress(element, { 'aria-label': sentenceOf(message, { words: `${clock(message.at)} ${words}`, waits }) })
}

/** What is said of an answer that is still to come. */
export interface Owed {
  readonly words: string
  /** How much of the time there is has been waited for, 0 to 1. */
  readonly share: number
}

/** An arrow on its way back, as far as the time has come. */
export function fillOwed(element: HTMLElement, message: Message, { words, share, ...room }: Owed & Room): void {
  const [, lane] = element.children as unknown as [HTMLElement, HTMLElement]
  const [line, text] = lane.children as unknown as [HTMLElement, HTMLElement]
  const [from, to] = [room.lanes.of(message.to), room.lanes.of(message.from)]
  const way = from < to ? 'right' : from > to ? 'left' : 'self'
  dress(element, { 'data-way': way, 'data-open': '', 'data-tone': share > 0.8 ? 'bad' : 'warn' })
  span(line, from, from + (to - from) * share)
  write(text, words)
  place(text, (from + to) / 2, room)
}

function span(line: HTMLElement, from: number, to: number): void {
  line.style.left = `${Math.min(from, to)}%`
  line.style.width = `${Math.abs(from - to)}%`
}

// Its middle at that place, but never beyond an edge.
function place(text: HTMLElement, percent: number, { width, measure }: Room): void {
  const wide = measure(text.textContent ?? '')
  const left = Math.max(0, Math.min((percent / 100) * width - wide / 2, width - wide))
  text.style.left = `${Math.round(left)}px`
}

// What is seen comes first, as it is seen: whoever speaks to the page says what they see.
function sentenceOf({ from, to }: Message, { words, waits }: { readonly words: string; readonly waits: string | undefined }): string {
  const who = from === to ? `at ${nameOf(from)}` : `from ${nameOf(from)} to ${nameOf(to)}`
  return `${words}, ${who}${waits === undefined ? '' : `, ${waits}`}`
}
