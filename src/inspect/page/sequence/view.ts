// Who asked whom, and who has not answered: lifelines of the selected service, its supervisor and its children, what went between them,
// and below it what is still to come, growing.

import { formatMs } from '../../../base/duration.js'
import type { Picture } from '../../../observe/picture/picture.js'
import { textWidth } from '../chart/measure-dom.js'
import { dress, html, write } from '../elements-dom.js'
import { lookOf } from '../looks.js'
import { clockTime, tenths } from '../times.js'
import { askToSelect, type Moment, type View } from '../view.js'
import { VirtualList } from '../virtual-list.js'
import { type Message, nameOf, OUTSIDE } from './messages.js'
import { fillOwed, fillRow, Lanes, makeRow, type Room } from './row-dom.js'
import { isOwed, type Lifeline, type Row, type Sequence, sequenceAt } from './rows.js'
import { Story } from './story.js'

const OWED_SHOWN = 5
/** How fast an arrow grows for which there is no limit. */
const PATIENCE_MS = 5_000
const LIFELINE_WIDTH = 68
/** The padding of a word, both sides. */
const PADDING = 14
const NARROW = 560

/** What went between the selected service and those around it. */
export function sequenceView(): View {
  return new SequenceView()
}

class SequenceView implements View {
  readonly element: HTMLElement
  readonly #words = html('p', { class: 'sequence-words' })
  readonly #heads = html('div', { class: 'sequence-heads' })
  readonly #lanes = html('div', { class: 'sequence-lanes', 'aria-hidden': 'true' })
  readonly #owed = html('div', { class: 'sequence-owed', role: 'list', 'aria-label': 'Not answered yet' })
  readonly #list: VirtualList<Row>
  #story: Story | undefined
  #isUnfolded = false
  #sequence: { readonly key: string; readonly sequence: Sequence } | undefined
  #lanePlaces = new Lanes([])
  #moment: Moment | undefined
  #selection: string | undefined
  #active = 0
  #shown = ''
  #measure: ((text: string) => number) | undefined
  #width = 0

  constructor() {
    const scrolled = html('div', { class: 'sequence-list', role: 'listbox', tabindex: 0, 'aria-label': 'Messages' })
    this.#list = new VirtualList<Row>(scrolled, {
      key: (row) => (row.kind === 'fold' ? 'fold' : String(row.message.seq)),
      make: makeRow,
      fill: (element, row, index) => this.#fill(element, row, index),
    }).stickToEnd()
    const frame = html(
      'div',
      { class: 'sequence-frame' },
      this.#heads,
      html('div', { class: 'sequence-body' }, this.#lanes, scrolled, this.#owed),
    )
    this.element = html('div', { class: 'sequence' }, this.#words, frame)
    scrolled.addEventListener('keydown', (event) => this.#key(event))
    scrolled.addEventListener('click', (event) => this.#click(event))
  }

  update(moment: Moment, selection: string | undefined): void {
    const { picture, facts } = moment
    const address = selection ?? picture.root
    this.#moment = moment
    this.#selection = address
    if (this.#story?.address !== address || !this.#story.continues(facts)) {
      if (this.#story?.address !== address) this.#isUnfolded = false
      this.#story = new Story(address)
      this.#sequence = undefined
    }
    this.#story.take(facts)
    const { offsetWidth, clientWidth } = this.#list.element
    this.element.style.setProperty('--bar', `${offsetWidth - clientWidth}px`)
    this.#width = this.#lanes.clientWidth
    const room = Math.floor(this.#width / LIFELINE_WIDTH)
    const sequence = this.#sequenceAt(this.#story, picture, Math.max(4, Math.min(8, room)))
    const owed = sequence.open.filter((message) => isOwed(message, picture))
    this.#showLifelines(sequence.lifelines, picture)
    // Before the list, which keeps its end in view in what room is left.
    this.#showOwed(owed, moment)
    this.#list.show(sequence.rows)
    write(this.#words, wordsOf(address, sequence, { owed, moment }))
  }

  // Time goes on far more often than something is said.
  #sequenceAt(story: Story, picture: Picture, mostLifelines: number): Sequence {
    const { seq, structure } = picture
    const key = JSON.stringify([story.address, story.exchanges.length, seq, structure, mostLifelines, this.#isUnfolded])
    if (this.#sequence?.key !== key) {
      const children = [...picture.childrenOf(story.address)]
      this.#sequence = { key, sequence: sequenceAt(story, { seq, children, mostLifelines, isUnfolded: this.#isUnfolded }) }
    }
    return this.#sequence.sequence
  }

  #showLifelines(lifelines: readonly Lifeline[], picture: Picture): void {
    this.#lanePlaces = new Lanes(lifelines)
    const shown = JSON.stringify(lifelines)
    if (shown !== this.#shown) {
      this.#shown = shown
      this.#heads.replaceChildren(...lifelines.map((lifeline, index) => this.#head(lifeline, index)))
      this.#lanes.replaceChildren(
        ...lifelines.map((_, index) => {
          const lane = html('span', {})
          lane.style.left = `${this.#lanePlaces.at(index)}%`
          return lane
        }),
      )
    }
    for (const [index, { address }] of lifelines.entries()) {
      const head = this.#heads.children[index]
      const node = address === undefined ? undefined : picture.nodes.get(address)
      const look = node === undefined ? undefined : lookOf(node)
      if (head === undefined || address === undefined) continue
      dress(head, { 'aria-current': address === this.#selection ? 'true' : undefined, 'data-tone': look?.tone })
      const state = head.querySelector('.sequence-state')
      if (state !== null) write(state, address === OUTSIDE ? '' : (look?.word ?? 'gone'))
    }
  }

  #head({ address, count }: Lifeline, index: number): HTMLElement {
    const name = address === undefined ? `${count} more` : nameOf(address)
    const inside = [html('span', { class: 'sequence-name' }, name), html('span', { class: 'sequence-state' })]
    const isService = address !== undefined && address !== OUTSIDE
    const head = isService ? html('button', { type: 'button', title: address }, ...inside) : html('span', {}, ...inside)
    head.className = 'sequence-head'
    head.style.left = `${this.#lanePlaces.at(index)}%`
    if (isService) head.addEventListener('click', () => askToSelect(this.element, address))
    return head
  }

  #fill(element: HTMLElement, row: Row, index: number): void {
    const moment = this.#moment
    if (moment === undefined) return
    const { picture } = moment
    fillRow(element, row, {
      ...this.#room(),
      // The hour is known to whoever looks at a phone.
      clock: (at) => clockTime(picture.wallAt(at)).slice(this.element.clientWidth < NARROW ? 3 : 0),
      owed: (message) => (message.asks !== undefined && isOwed(message, picture) ? 'not answered yet' : undefined),
    })
    dress(element, { id: `message-${index}`, 'aria-selected': String(index === this.#active), 'data-index': index })
  }

  #room(): Room {
    this.#measure ??= textWidth(`12px ${getComputedStyle(this.element).getPropertyValue('--sans') || 'sans-serif'}`)
    const width = this.#measure
    return { lanes: this.#lanePlaces, width: this.#width, measure: (text) => width(text) + PADDING }
  }

  // --- what is owed

  #showOwed(owed: readonly Message[], moment: Moment): void {
    const shown = owed.slice(0, OWED_SHOWN)
    while (this.#owed.children.length > shown.length) this.#owed.lastElementChild?.remove()
    while (this.#owed.children.length < shown.length) {
      const row = makeRow()
      dress(row, { role: 'listitem' })
      this.#owed.append(row)
    }
    for (const [index, message] of shown.entries()) {
      const row = this.#owed.children[index] as HTMLElement
      const { waitedMs, leftMs } = waitOf(message, moment)
      const share = leftMs === undefined ? 1 - Math.exp(-waitedMs / PATIENCE_MS) : waitedMs / Math.max(1, waitedMs + leftMs)
      const words = `${nameOf(message.about)}, ${message.asks}: ${tenths(waitedMs)}${leftMs === undefined ? '' : ` of ${formatMs(waitedMs + leftMs)}`}`
      fillOwed(row, message, { ...this.#room(), words, share: Math.min(0.97, Math.max(0.04, share)) })
    }
    this.#owed.hidden = shown.length === 0
  }

  // --- choosing

  #click(event: MouseEvent): void {
    const row = (event.target as Element).closest<HTMLElement>('.sequence-row')
    const index = Number(row?.dataset['index'])
    if (row === null || Number.isNaN(index)) return
    this.#activate(index)
    this.#choose()
  }

  #key(event: KeyboardEvent): void {
    const last = this.#list.rows.length - 1
    const { page } = this.#list
    const moves: Readonly<Record<string, number>> = {
      ArrowDown: this.#active + 1,
      ArrowUp: this.#active - 1,
      PageDown: this.#active + page,
      PageUp: this.#active - page,
      Home: 0,
      End: last,
    }
    const to = moves[event.key]
    if (to !== undefined) this.#activate(Math.min(last, Math.max(0, to)))
    else if (event.key === 'Enter') this.#choose()
    else return
    event.preventDefault()
  }

  #activate(index: number): void {
    this.#active = index
    this.#list.reveal(index)
    dress(this.#list.element, { 'aria-activedescendant': `message-${index}` })
  }

  #choose(): void {
    const row = this.#list.rows[this.#active]
    if (row?.kind === 'message') return askToSelect(this.element, row.message.about)
    if (row === undefined || this.#moment === undefined) return
    this.#isUnfolded = true
    this.update(this.#moment, this.#selection)
  }
}

function waitOf(message: Message, { picture, now }: Moment): { readonly waitedMs: number; readonly leftMs: number | undefined } {
  const node = picture.nodes.get(message.about)
  const waitedMs = Math.max(0, now - message.at)
  if (message.asks === 'shutdown') {
    const { startedAt, budgetMs } = picture.stop ?? {}
    return {
      waitedMs,
      leftMs: budgetMs === undefined || budgetMs === null || startedAt === undefined ? undefined : Math.max(0, startedAt + budgetMs - now),
    }
  }
  const deadlineAt = message.asks === 'start' ? undefined : node?.deadlineAt
  return { waitedMs, leftMs: deadlineAt === undefined ? undefined : Math.max(0, deadlineAt - now) }
}

function wordsOf(
  address: string,
  { rows }: Sequence,
  { owed, moment }: { readonly owed: readonly Message[]; readonly moment: Moment },
): string {
  if (rows.length === 0) return `Nothing is recorded of what was said around ${address}.`
  if (owed.length === 0) return `Every ask around ${address} has been answered.`
  const told = owed.slice(0, 3).map((message) => `${nameOf(message.about)} (${message.asks}, ${tenths(waitOf(message, moment).waitedMs)})`)
  const more = owed.length > told.length ? ` and ${owed.length - told.length} more` : ''
  return `Not answered yet: ${told.join(', ')}${more}.`
}
