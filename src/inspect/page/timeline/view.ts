// The shutdown as a timeline: what decided how long it takes, growing while it goes on; below it a row for each service that tells
// something, with its time for finishing accepted work and for closing, and the budget as a line.
import { idOf } from '../../../base/address.js'
import { formatMs } from '../../../base/duration.js'
import { dress, html, write } from '../elements-dom.js'
import { askToSelect, type Moment, type View } from '../view.js'
import { type Bar, type PathBar, type Timeline, type TimelineRow, timelineOf } from './rows.js'
import { stopAt } from './stop.js'
import { stopInWords } from './words.js'

/** A stretch that is less wide has no words in it. */
const WORDY_SHARE = 0.12
/** Of so many services the shutdown is drawn no more often than this. */
const CROWD = 200
const CROWD_MS = 150

/** The shutdown. */
export function timelineView(): View {
  return new TimelineView()
}
/** The room of the words at the right, in characters. */
const WORDS = { most: 28, beside: 3 }
/** Of the names in the path, in characters: what has no room is not shown. */
const LONGEST_NAME = 20

class TimelineView implements View {
  readonly element: HTMLElement
  readonly #words = html('p', { class: 'timeline-words' })
  readonly #path = html('div', { class: 'timeline-path', role: 'list', 'aria-label': 'What decided how long it takes' })
  readonly #axis = html('div', { class: 'timeline-axis', 'aria-hidden': 'true' })
  readonly #budget = html('span', { class: 'timeline-budget', 'aria-hidden': 'true' }, html('span'))
  readonly #rows = html('div', { class: 'timeline-rows', role: 'list', 'aria-label': 'Services' })
  readonly #drawing: HTMLElement
  #key = ''
  #drawnAt = 0

  constructor() {
    const key = html(
      'p',
      { class: 'timeline-key' },
      ...KEY.map(([kind, text]) => html('span', {}, html('i', { class: `timeline-swatch is-${kind}` }), text)),
    )
    const lanes = html('div', { class: 'timeline-lanes', 'aria-hidden': 'true' }, this.#budget)
    this.#drawing = html(
      'div',
      { class: 'timeline-drawing' },
      this.#path,
      this.#axis,
      html('div', { class: 'timeline-body' }, lanes, this.#rows),
      key,
    )
    this.element = html('div', { class: 'timeline' }, this.#words, this.#drawing)
    this.element.addEventListener('click', (event) => this.#click(event))
  }

  update({ picture, facts, now, isLive }: Moment, selection: string | undefined): void {
    // A thousand services that stop at once are not looked at one by one; live, the page asks again soon.
    const isCrowd = picture.nodes.size > CROWD
    if (isLive && isCrowd && performance.now() - this.#drawnAt < CROWD_MS) return
    this.#drawnAt = performance.now()
    const stop = stopAt(picture, facts, now)
    this.#say(stopInWords(stop, picture))
    this.#drawing.hidden = stop === undefined
    if (stop === undefined) return
    const timeline = timelineOf(stop)
    const key = JSON.stringify([timeline, selection])
    if (key === this.#key) return
    this.#key = key
    this.#showPath(timeline.path)
    this.#showAxis(timeline, stop.report.budgetMs)
    // Once no words come any more, time has the room that they leave.
    const longest = Math.max(...timeline.rows.map((row) => (row.kind === 'service' ? row.words.length : 0)))
    this.element.style.setProperty('--longest', String(stop.report.complete ? Math.min(WORDS.most, longest + WORDS.beside) : WORDS.most))
    withCount(this.#rows, timeline.rows.length, makeRow)
    for (const [index, row] of timeline.rows.entries()) fillRow(this.#rows.children[index] as HTMLElement, row, selection)
  }

  // What stands between backquotes is an address.
  #say(words: string): void {
    if (this.#words.textContent === words.replaceAll('`', '')) return
    const parts = words.split('`')
    this.#words.replaceChildren(...parts.map((part, index) => (index % 2 === 1 ? addressButton(part, 'link address') : part)))
  }

  #showPath(path: readonly PathBar[]): void {
    withCount(this.#path, path.length, () => html('span', { class: 'timeline-step', role: 'listitem' }, html('span')))
    for (const [index, { address, words, ms, from, to, isOpen }] of path.entries()) {
      const step = this.#path.children[index] as HTMLElement
      const name = address === undefined ? '' : idOf(address)
      const who = name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME - 1)}…` : name
      const text = `${who === '' ? words : who} ${formatMs(ms)}`
      stretch(step, from, to)
      dress(step, {
        'data-kind': address === undefined ? 'none' : 'service',
        'data-open': isOpen ? '' : undefined,
        'data-address': address,
        title: `${address ?? ''} ${words}, ${formatMs(ms)}`.trim(),
        'aria-label': `${address ?? ''} ${words}, ${formatMs(ms)}`.trim(),
      })
      write(step.firstElementChild as HTMLElement, to - from >= WORDY_SHARE ? text : '')
    }
  }

  #showAxis({ ticks, budgetAt }: Timeline, budgetMs: number): void {
    withCount(this.#axis, ticks.length, () => html('span'))
    for (const [index, { at, words }] of ticks.entries()) {
      const tick = this.#axis.children[index] as HTMLElement
      tick.style.left = `${at * 100}%`
      write(tick, words)
    }
    this.#budget.hidden = budgetAt === undefined
    if (budgetAt === undefined) return
    this.#budget.style.left = `${budgetAt * 100}%`
    write(this.#budget.firstElementChild as HTMLElement, `budget ${formatMs(budgetMs)}`)
  }

  #click(event: MouseEvent): void {
    const address = (event.target as Element).closest<HTMLElement>('[data-address]')?.dataset['address']
    if (address !== undefined) askToSelect(this.element, address)
  }
}

const KEY = [
  ['settling', 'finishes accepted work'],
  ['closing', 'closes'],
  ['cut', 'cut off'],
  ['path', 'decided how long it took'],
] as const

function addressButton(address: string, name: string): HTMLElement {
  return html('button', { type: 'button', class: name, 'data-address': address }, address)
}

function makeRow(): HTMLElement {
  const lane = html(
    'span',
    { class: 'timeline-lane' },
    html('span', { class: 'timeline-bars' }),
    html('span', { class: 'timeline-cut', hidden: '' }, '✕'),
  )
  return html(
    'div',
    { class: 'timeline-row', role: 'listitem' },
    html('button', { type: 'button', class: 'timeline-name' }),
    lane,
    html('span', { class: 'timeline-said' }),
  )
}

function fillRow(element: HTMLElement, row: TimelineRow, selection: string | undefined): void {
  const [name, lane, said] = element.children as unknown as [HTMLButtonElement, HTMLElement, HTMLElement]
  const [bars, cut] = lane.children as unknown as [HTMLElement, HTMLElement]
  const isService = row.kind !== 'others'
  const address = isService ? row.address : undefined
  dress(element, {
    'data-kind': row.kind,
    'data-tone': isService ? row.tone : undefined,
    'data-empty': isService && row.bars.length > 0 ? undefined : '',
    'data-path': isService && row.isOnPath ? '' : undefined,
    'data-selected': address !== undefined && address === selection ? '' : undefined,
  })
  element.style.setProperty('--depth', String(Math.min(row.depth, 6)))
  write(name, address === undefined ? row.words : idOf(address))
  name.disabled = !isService
  dress(name, { 'data-address': address, title: address, 'aria-label': isService ? labelOf(row) : undefined })
  write(said, isService ? row.words : '')
  showBars(bars, isService ? row.bars : [])
  const cutAt = isService ? row.cutAt : undefined
  cut.hidden = cutAt === undefined
  if (cutAt !== undefined) cut.style.left = `${cutAt * 100}%`
}

function labelOf(row: Exclude<TimelineRow, { readonly kind: 'others' }>): string {
  return `${row.address}: ${row.words}${row.isOnPath ? ', decided how long it took' : ''}`
}

function showBars(element: HTMLElement, bars: readonly Bar[]): void {
  withCount(element, bars.length, () => html('span'))
  for (const [index, { kind, from, to, isOpen }] of bars.entries()) {
    const bar = element.children[index] as HTMLElement
    dress(bar, { class: `timeline-bar is-${kind}`, 'data-open': isOpen ? '' : undefined })
    stretch(bar, from, to)
  }
}

function stretch(element: HTMLElement, from: number, to: number): void {
  element.style.left = `${from * 100}%`
  element.style.width = `${(to - from) * 100}%`
}

function withCount(element: HTMLElement, count: number, make: () => HTMLElement): void {
  while (element.children.length > count) element.lastElementChild?.remove()
  while (element.children.length < count) element.append(make())
}
