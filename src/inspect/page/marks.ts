// What lies where along the recording: crashes, stops and ends as marks below the slider, drawn once for each width and number of facts.
import type { FactList } from '../../observe/picture/fact-list.js'
import type { Picture } from '../../observe/picture/picture.js'
import type { FactFrame } from '../../observe/watch/frames.js'
import { html } from './elements-dom.js'

const HEIGHT = 10
const REDRAWN_AFTER_MS = 250

/** The marks, and how dense facts are between them. */
export class Marks {
  readonly element = html('canvas', { class: 'marks', 'aria-hidden': 'true' })
  #drawnAt = 0
  #key = ''

  update(facts: FactList, picture: Picture): void {
    const { clientWidth: width } = this.element
    const scheme = getComputedStyle(this.element).color
    const key = `${facts.length} ${facts.lastSeq} ${width} ${scheme} ${picture.state.daemon.run}`
    if (key === this.#key || width === 0 || performance.now() - this.#drawnAt < REDRAWN_AFTER_MS) return
    this.#key = key
    this.#drawnAt = performance.now()
    this.#draw(facts, width)
  }

  #draw({ all, length }: FactList, width: number): void {
    const ratio = devicePixelRatio
    this.element.width = width * ratio
    this.element.height = HEIGHT * ratio
    const context = this.element.getContext('2d')
    if (context === null || length === 0) return
    context.scale(ratio, ratio)
    const { color, outlineColor } = getComputedStyle(this.element)
    const drawn = new Set<string>()
    all.forEach((frame, index) => {
      const mark = markOf(frame)
      if (mark === undefined) return
      const x = Math.round((index / length) * (width - 1))
      if (drawn.has(`${mark} ${x}`)) return
      drawn.add(`${mark} ${x}`)
      context.fillStyle = mark === 'bad' ? color : outlineColor
      context.fillRect(x, mark === 'stop' ? 0 : 3, mark === 'stop' ? 2 : 1.5, HEIGHT)
    })
  }
}

function markOf({ fact }: FactFrame): 'bad' | 'stop' | undefined {
  switch (fact.type) {
    case 'crashed':
    case 'start-failed':
    case 'forced':
    case 'gave-up':
    case 'lease-lost':
      return 'bad'
    case 'shutdown-started':
    case 'shutdown-ended':
      return 'stop'
    default:
      return undefined
  }
}
