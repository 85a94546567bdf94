// All recorded facts, the latest at the end: of everybody, or of the selected service and those below it, or only what went wrong.
import { factWords } from '../../observe/picture/fact-words.js'
import type { FactFrame } from '../../observe/watch/frames.js'
import { dress, html, write } from './elements-dom.js'
import { clockTime } from './times.js'
import { askToSelect, type Moment, type View } from './view.js'
import { VirtualList } from './virtual-list.js'

/** The list of facts. */
export class FactsView implements View {
  readonly element = html('section', { class: 'facts', 'aria-label': 'Facts' })
  readonly #own = html('input', { type: 'checkbox' })
  readonly #bad = html('input', { type: 'checkbox' })
  readonly #note = html('p', { class: 'facts-note', role: 'status' })
  readonly #box = html('div', { class: 'facts-box', tabindex: 0, role: 'list', 'aria-label': 'Facts, latest last' })
  readonly #list: VirtualList<FactFrame>
  readonly #seek: (seq: number) => void
  /** What each row shows. */
  readonly #filled = new WeakMap<HTMLElement, FactFrame>()
  #moment: Moment | undefined
  #selection: string | undefined
  #shown: readonly FactFrame[] = []
  #key = ''

  /** `seek` goes to the moment of a fact. */
  constructor(seek: (seq: number) => void) {
    this.#seek = seek
    this.#list = new VirtualList<FactFrame>(this.#box, {
      key: ({ seq }) => String(seq),
      make: () => this.#make(),
      fill: (element, frame) => this.#fill(element, frame),
    }).stickToEnd()
    const tools = html('div', { class: 'facts-tools' })
    tools.append(html('label', {}, this.#own, ' only the selected service'), html('label', {}, this.#bad, ' only problems'), this.#note)
    this.element.append(tools, this.#box)
    for (const input of [this.#own, this.#bad]) input.addEventListener('change', () => this.#redraw())
  }

  update(moment: Moment, selection: string | undefined): void {
    this.#moment = moment
    this.#selection = selection
    const { facts, picture } = moment
    const own = this.#own.checked ? (selection ?? picture.root) : undefined
    const key = `${picture.state.daemon.run} ${own} ${this.#bad.checked} ${picture.seq} ${facts.length}`
    if (key === this.#key) return
    this.#key = key
    const some = own === undefined ? facts.all.slice(0, facts.countUntil(picture.seq)) : facts.about(own, picture.seq)
    this.#shown = this.#bad.checked ? some.filter((frame) => factWords(frame).tone === 'bad' || factWords(frame).tone === 'warn') : some
    write(this.#note, this.#shown.length === 1 ? '1 fact' : `${this.#shown.length} facts`)
    this.#list.show(this.#shown)
  }

  #redraw(): void {
    if (this.#moment !== undefined) this.update(this.#moment, this.#selection)
  }

  #make(): HTMLElement {
    const row = html('div', { class: 'fact-row', role: 'listitem' })
    const address = html('button', { class: 'link address', type: 'button' })
    const time = html('button', { class: 'link time', type: 'button', title: 'Look at this moment' })
    row.append(time, html('span', { class: 'fact-mark', 'aria-hidden': 'true' }), address, html('span', { class: 'fact-text' }))
    address.addEventListener('click', () => askToSelect(this.element, address.textContent ?? ''))
    time.addEventListener('click', () => this.#seek(this.#filled.get(row)?.seq ?? 0))
    return row
  }

  #fill(row: HTMLElement, frame: FactFrame): void {
    // Every run counts from 1.
    if (this.#moment === undefined || this.#filled.get(row) === frame) return
    this.#filled.set(row, frame)
    const { text, tone, causes } = factWords(frame)
    row.className = `fact-row tone-${tone}`
    const [time, , address, words] = row.children as unknown as [HTMLElement, HTMLElement, HTMLElement, HTMLElement]
    write(time, clockTime(this.#moment.picture.wallAt(frame.fact.at)))
    write(address, frame.fact.address)
    dress(address, { title: frame.fact.address })
    write(words, causes.length === 0 ? text : `${text}: ${causes[0]}`)
    dress(words, { title: [text, ...causes].join('\ncaused by ') })
  }
}
