// A list of any length of which only the rows are in the document that can be seen. Rows have one height; whoever uses the list says
// how a row is made and filled, and rows that are the same as before are not touched.
import { html } from './elements-dom.js'

/** How rows are made. */
export interface RowMaker<Row> {
  /** Tells rows apart. */
  key(row: Row): string
  make(): HTMLElement
  /** Called for every row that is in view, each time. */
  fill(element: HTMLElement, row: Row, index: number): void
}

const OVERSCAN = 6

/** A long list. */
export class VirtualList<Row> {
  /** What scrolls. */
  readonly element: HTMLElement
  readonly #space = html('div', { class: 'list-space', role: 'presentation' })
  readonly #maker: RowMaker<Row>
  readonly #shown = new Map<string, HTMLElement>()
  #rows: readonly Row[] = []
  #rowHeight = 0
  #isStuck = false
  /** Whether the end was in view after the latest scrolling: room that is taken away, as by the banner of a stop, is none. */
  #isAtEnd = true
  #isPending = false

  constructor(element: HTMLElement, maker: RowMaker<Row>) {
    this.element = element
    this.#maker = maker
    element.append(this.#space)
    element.addEventListener('scroll', () => this.#scrolled(), { passive: true })
    new ResizeObserver(() => this.#later()).observe(element)
  }

  get rows(): readonly Row[] {
    return this.#rows
  }

  /** Stays at the end when rows are added, as long as the end is in view. */
  stickToEnd(): this {
    this.#isStuck = true
    return this
  }

  show(rows: readonly Row[]): void {
    this.#rows = rows
    this.#space.style.height = `${rows.length * this.#height}px`
    this.#keepEnd()
    this.#draw()
  }

  #keepEnd(): void {
    if (this.#isStuck && this.#isAtEnd) this.element.scrollTop = this.element.scrollHeight
  }

  #scrolled(): void {
    const { scrollTop, clientHeight, scrollHeight } = this.element
    this.#isAtEnd = scrollTop + clientHeight >= scrollHeight - this.#height
    this.#later()
  }

  /** How many rows are in view. */
  get page(): number {
    return Math.max(1, Math.floor(this.element.clientHeight / this.#height))
  }

  /** Brings a row into view. */
  reveal(index: number): void {
    const top = index * this.#height
    const { scrollTop, clientHeight } = this.element
    if (top < scrollTop) this.element.scrollTop = top
    else if (top + this.#height > scrollTop + clientHeight) this.element.scrollTop = top + this.#height - clientHeight
    this.#draw()
  }

  /** The element of a row, if it is in view. */
  elementOf(key: string): HTMLElement | undefined {
    return this.#shown.get(key)
  }

  get #height(): number {
    if (this.#rowHeight === 0) this.#rowHeight = Number.parseFloat(getComputedStyle(this.element).getPropertyValue('--row')) || 30
    return this.#rowHeight
  }

  #later(): void {
    if (this.#isPending) return
    this.#isPending = true
    requestAnimationFrame(() => {
      this.#isPending = false
      this.#rowHeight = 0
      this.#space.style.height = `${this.#rows.length * this.#height}px`
      this.#keepEnd()
      this.#draw()
    })
  }

  #draw(): void {
    const height = this.#height
    const first = Math.max(0, Math.floor(this.element.scrollTop / height) - OVERSCAN)
    const last = Math.min(this.#rows.length, Math.ceil((this.element.scrollTop + this.element.clientHeight) / height) + OVERSCAN)
    const gone = new Map(this.#shown)
    const wanted = this.#rows.slice(first, last)
    for (const row of wanted) gone.delete(this.#maker.key(row))
    const spare = [...gone.values()]
    for (const key of gone.keys()) this.#shown.delete(key)
    wanted.forEach((row, offset) => {
      const key = this.#maker.key(row)
      const element = this.#shown.get(key) ?? spare.pop() ?? this.#made()
      this.#shown.set(key, element)
      const top = `translateY(${(first + offset) * height}px)`
      if (element.style.transform !== top) element.style.transform = top
      this.#maker.fill(element, row, first + offset)
    })
    for (const element of spare) element.remove()
  }

  #made(): HTMLElement {
    const element = this.#maker.make()
    this.#space.append(element)
    return element
  }
}
