// A drawing that can be larger than its frame: scrolled, dragged and zoomed, by mouse, finger and keys.
import { html } from '../elements-dom.js'

const SCALE = { least: 0.2, most: 2.5, step: 1.25, readable: 0.75 }

/** A frame around a drawing. */
export class ZoomFrame {
  readonly element: HTMLElement
  /** Buttons, for a place of their own. */
  readonly tools: HTMLElement
  readonly #scrolled = html('div', { class: 'chart-canvas' })
  readonly #size = { width: 1, height: 1 }
  #svg: SVGSVGElement | undefined
  #scale = 1
  /** While nobody has zoomed it follows the width of the frame. */
  #isFitted = true
  readonly #fingers = new Map<number, PointerEvent>()

  constructor() {
    this.tools = html(
      'div',
      { class: 'chart-tools', role: 'group', 'aria-label': 'Zoom' },
      this.#button('−', 'Smaller', () => this.#zoom(1 / SCALE.step)),
      this.#button('+', 'Larger', () => this.#zoom(SCALE.step)),
      this.#button('Fit', 'Fit all of it in', () => this.#fitAll()),
    )
    this.element = this.#scrolled
    this.#listen()
    new ResizeObserver(() => this.#isFitted && this.fit()).observe(this.#scrolled)
  }

  /** Shows another drawing, as large as can be read. */
  show(svg: SVGSVGElement, size: { readonly width: number; readonly height: number }): void {
    this.#svg = svg
    Object.assign(this.#size, size)
    this.#scrolled.replaceChildren(svg)
    this.#isFitted = true
    this.fit()
  }

  /** As wide as the frame, if that can be read. */
  fit(): void {
    const width = this.#scrolled.clientWidth
    if (width > 0) this.#scaleTo(Math.min(1, Math.max(SCALE.readable, width / this.#size.width)))
  }

  /** Scrolls so that a part can be seen. */
  reveal(part: SVGGraphicsElement): void {
    const [frame, box] = [this.#scrolled.getBoundingClientRect(), part.getBoundingClientRect()]
    if (box.width === 0 || frame.width === 0) return
    const isVisible = box.left >= frame.left && box.right <= frame.right && box.top >= frame.top && box.bottom <= frame.bottom
    if (isVisible) return
    this.#scrolled.scrollLeft += box.left + box.width / 2 - (frame.left + frame.width / 2)
    this.#scrolled.scrollTop += box.top + box.height / 2 - (frame.top + frame.height / 2)
  }

  #fitAll(): void {
    const { clientWidth, clientHeight } = this.#scrolled
    this.#isFitted = false
    this.#scaleTo(Math.min(1, clientWidth / this.#size.width, clientHeight / this.#size.height))
  }

  #zoom(by: number, at?: { readonly clientX: number; readonly clientY: number }): void {
    this.#isFitted = false
    const frame = this.#scrolled.getBoundingClientRect()
    const x = (at?.clientX ?? frame.left + frame.width / 2) - frame.left
    const y = (at?.clientY ?? frame.top + frame.height / 2) - frame.top
    const before = this.#scale
    const { scrollLeft, scrollTop } = this.#scrolled
    this.#scaleTo(before * by)
    const ratio = this.#scale / before
    this.#scrolled.scrollLeft = (scrollLeft + x) * ratio - x
    this.#scrolled.scrollTop = (scrollTop + y) * ratio - y
  }

  #scaleTo(scale: number): void {
    this.#scale = Math.min(SCALE.most, Math.max(SCALE.least, scale))
    if (this.#svg === undefined) return
    this.#svg.style.width = `${Math.floor(this.#size.width * this.#scale)}px`
    this.#svg.style.height = `${Math.floor(this.#size.height * this.#scale)}px`
  }

  #button(text: string, name: string, press: () => void): HTMLButtonElement {
    const button = html('button', { type: 'button', 'aria-label': name, title: name }, text)
    button.addEventListener('click', press)
    return button
  }

  #listen(): void {
    const scrolled = this.#scrolled
    scrolled.addEventListener('wheel', (event) => this.#wheel(event), { passive: false })
    scrolled.addEventListener('keydown', (event) => this.#key(event))
    scrolled.addEventListener('pointerdown', (event) => void this.#fingers.set(event.pointerId, event))
    scrolled.addEventListener('pointermove', (event) => this.#move(event))
    for (const type of ['pointerup', 'pointercancel', 'pointerleave'] as const) {
      scrolled.addEventListener(type, (event) => void this.#fingers.delete(event.pointerId))
    }
  }

  // A wheel alone scrolls the page, as everywhere.
  #wheel(event: WheelEvent): void {
    if (!event.ctrlKey && !event.metaKey) return
    event.preventDefault()
    this.#zoom(event.deltaY < 0 ? SCALE.step ** 0.5 : SCALE.step ** -0.5, event)
  }

  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    if (event.key === '+' || event.key === '=') this.#zoom(SCALE.step)
    else if (event.key === '-') this.#zoom(1 / SCALE.step)
    else if (event.key === '0') this.#fitAll()
    else return
    event.preventDefault()
  }

  // A mouse drags; fingers scroll by themselves, and two of them zoom.
  #move(event: PointerEvent): void {
    const before = this.#fingers.get(event.pointerId)
    if (before === undefined) return
    this.#fingers.set(event.pointerId, event)
    const other = [...this.#fingers.values()].find(({ pointerId }) => pointerId !== event.pointerId)
    if (other !== undefined) {
      const ratio = apart(event, other) / (apart(before, other) || 1)
      this.#zoom(ratio, { clientX: (event.clientX + other.clientX) / 2, clientY: (event.clientY + other.clientY) / 2 })
    } else if (event.pointerType === 'mouse' && event.buttons === 1) {
      this.#scrolled.scrollLeft -= event.clientX - before.clientX
      this.#scrolled.scrollTop -= event.clientY - before.clientY
    }
  }
}

function apart(one: PointerEvent, other: PointerEvent): number {
  return Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY)
}
