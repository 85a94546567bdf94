// The statechart of the selected service: its life, or the user's machine that lives there, with what is active lit and the step taken
// last fading.

import { formatMs } from '../../../base/duration.js'
import type { PictureNode } from '../../../observe/picture/picture-node.js'
import type { Chart } from '../../../protocol/chart.js'
import { dress, html, write } from '../elements-dom.js'
import type { Moment, View } from '../view.js'
import type { Drawing } from './drawing.js'
import { layout } from './layout.js'
import { lifeChart, lifeDrawing } from './life.js'
import { measureWith } from './measure-dom.js'
import { type Lit, litInLife, litInMachine } from './now.js'
import { type ChartSvg, drawChart, titleOf } from './svg.js'
import { inFull } from './wording.js'
import { ZoomFrame } from './zoom-dom.js'

type Which = 'machine' | 'life'

const FADE_MS = 2_400

/** The chart of the selected service. */
export function chartView(): View {
  return new ChartView()
}

class ChartView implements View {
  readonly element: HTMLElement
  readonly #choices: Readonly<Record<Which, HTMLButtonElement>>
  readonly #tabs: HTMLElement
  readonly #words = html('p', { class: 'chart-words' })
  readonly #detail = html('p', { class: 'chart-detail' })
  readonly #zoom = new ZoomFrame()
  readonly #reduced = matchMedia('(prefers-reduced-motion: reduce)')
  #chosen: Which = 'machine'
  #chart: Chart | undefined
  #drawn: ChartSvg | undefined
  #address: string | undefined
  #lit = ''
  #animatedAt: number | undefined
  #last: readonly [Moment, string | undefined] | undefined

  constructor() {
    this.#choices = { machine: this.#choice('machine', 'Its machine'), life: this.#choice('life', 'Its life') }
    this.#tabs = html(
      'div',
      { class: 'chart-choices', role: 'group', 'aria-label': 'Which chart' },
      this.#choices.machine,
      this.#choices.life,
    )
    this.element = html(
      'div',
      { class: 'chart' },
      html('div', { class: 'chart-head' }, this.#words, html('div', { class: 'chart-choice' }, this.#tabs, this.#zoom.tools)),
      this.#zoom.element,
      this.#detail,
    )
  }

  update(moment: Moment, selection: string | undefined): void {
    this.#last = [moment, selection]
    const { picture } = moment
    const node = picture.nodes.get(selection ?? picture.root)
    if (node === undefined) return this.#showNobody(selection)
    const machine = picture.chartOf(node)
    this.#tabs.hidden = machine === undefined
    const which = machine === undefined ? 'life' : this.#chosen
    for (const [each, button] of Object.entries(this.#choices)) dress(button, { 'aria-pressed': String(each === which) })
    const chart = which === 'machine' && machine !== undefined ? machine : lifeChart
    this.#show(chart, node.address)
    const read = chart === lifeChart ? litInLife : litInMachine
    const lit = read(chart, node, moment.facts, picture.seq)
    this.#light(lit, moment)
    write(this.#words, wordsOf(node, chart, lit, moment))
  }

  #showNobody(selection: string | undefined): void {
    this.#tabs.hidden = true
    this.#zoom.element.hidden = true
    write(this.#words, selection === undefined ? 'Nothing has been told yet.' : `${selection} is not in the tree at this moment.`)
  }

  #choice(which: Which, name: string): HTMLButtonElement {
    const button = html('button', { type: 'button' }, name)
    button.addEventListener('click', () => {
      this.#chosen = which
      if (this.#last !== undefined) this.update(...this.#last)
    })
    return button
  }

  // --- drawing

  #show(chart: Chart, address: string): void {
    this.#zoom.element.hidden = false
    const isSame = address === this.#address && (chart === this.#chart || JSON.stringify(chart) === JSON.stringify(this.#chart))
    this.#chart = chart
    if (isSame) return
    this.#address = address
    this.#lit = ''
    this.#animatedAt = undefined
    write(this.#detail, '')
    const drawing: Drawing = chart === lifeChart ? lifeDrawing : layout(chart, measureWith(this.element))
    this.#drawn = drawChart(chart, drawing)
    for (const [id, state] of this.#drawn.states) {
      state.addEventListener('focus', () => this.#tell(id))
      state.addEventListener('click', () => state.focus())
    }
    this.#drawn.svg.addEventListener('keydown', (event) => this.#key(event))
    this.#zoom.show(this.#drawn.svg, drawing)
  }

  #light({ active, taken, takenAt }: Lit, { now, isLive }: Moment): void {
    const { states, edges, svg } = this.#drawn ?? {}
    if (states === undefined || edges === undefined || svg === undefined) return
    const lit = JSON.stringify([[...active], taken, takenAt])
    if (lit === this.#lit) return
    this.#lit = lit
    const focused = [...states.values()].some((state) => state === document.activeElement)
    const innermost = [...states.keys()].findLast((id) => active.has(id)) ?? states.keys().next().value
    for (const [id, state] of states) {
      state.classList.toggle('is-active', active.has(id))
      dress(state, { 'aria-label': this.#nameOf(id, active.has(id)) })
      if (!focused) dress(state, { tabindex: id === innermost ? 0 : -1 })
    }
    const arrows = new Set(taken.map((index) => edges.get(index)?.arrow))
    for (const [index, { arrow, line }] of edges) {
      arrow.classList.toggle('is-taken', arrows.has(arrow))
      line.classList.toggle('is-taken', taken.includes(index))
    }
    // The lit one on top, where arrows share a way.
    for (const arrow of arrows) if (arrow !== undefined) lastOf(arrow)?.after(arrow)
    dress(svg, { 'aria-label': `Statechart of ${this.#address}` })
    const current = innermost === undefined ? undefined : states.get(innermost)
    if (current !== undefined && active.size > 0) this.#zoom.reveal(current)
    if (takenAt === undefined || takenAt === this.#animatedAt) return
    this.#animatedAt = takenAt
    const isNew = isLive && now - takenAt < FADE_MS
    if (isNew && !this.#reduced.matches)
      for (const arrow of arrows) arrow?.animate([{ opacity: 1, strokeWidth: '4px' }, {}], { duration: FADE_MS, easing: 'ease-out' })
  }

  #nameOf(id: string, isActive: boolean): string {
    const node = this.#chart?.nodes.find((each) => each.id === id)
    return `${node === undefined ? id : titleOf(node)}${isActive ? ', active' : ''}`
  }

  // --- by keyboard

  #key(event: KeyboardEvent): void {
    const states = [...(this.#drawn?.states.values() ?? [])]
    const focused = states.find((state) => state === document.activeElement)
    if (focused === undefined) return
    const at = states.indexOf(focused)
    const next = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: states.length - 1 }[event.key]
    const state = next === undefined ? undefined : states[next]
    if (next === undefined) return
    event.preventDefault()
    if (state === undefined) return
    for (const each of states) dress(each, { tabindex: each === state ? 0 : -1 })
    state.focus()
    this.#zoom.reveal(state)
  }

  // All of a state and where it leads, in words: what is cut short in the drawing too.
  #tell(id: string): void {
    const chart = this.#chart
    const node = chart?.nodes.find((each) => each.id === id)
    if (chart === undefined || node === undefined) return
    const ways = chart.edges
      .filter(({ from }) => from === id)
      .map((edge) => {
        const to = chart.nodes.find((each) => each.id === edge.to)
        return to === undefined ? inFull(edge) : `${inFull(edge)} → ${to.key}`
      })
    write(this.#detail, [titleOf(node), ...ways].join(' · '))
  }
}

function lastOf(arrow: Element): Element | undefined {
  const all = arrow.parentElement?.querySelectorAll(':scope > .chart-arrow')
  const last = all?.[all.length - 1]
  return last === arrow ? undefined : last
}

// How it is, the page says beside it; here is what led there.
function wordsOf(node: PictureNode, chart: Chart, { taken, takenAt }: Lit, { now }: Moment): string {
  if (chart !== lifeChart && node.machine === undefined) return 'Where its machine is has not been told yet.'
  if (chart === lifeChart && node.incarnation === 0) return 'It has not been started yet.'
  const edges = taken.flatMap((index) => chart.edges[index] ?? [])
  const [first] = edges
  const last = edges.at(-1)
  if (first === undefined || last === undefined || takenAt === undefined)
    return chart === lifeChart ? '' : `In ${inWords(node.machine?.value)}.`
  const keyOf = (id: string | undefined): string => chart.nodes.find((each) => each.id === id)?.key ?? ''
  const from = new Set(edges.map((edge) => edge.label))
  const cause = chart === lifeChart && from.size > 1 ? '' : ` (${[...from].join(', then ')})`
  return `${keyOf(first.from)} → ${keyOf(last.to)}${cause}, ${formatMs(Math.max(0, now - takenAt))} ago`
}

function inWords(value: unknown): string {
  if (typeof value === 'string') return value
  return Object.entries(value ?? {})
    .map(([key, inside]) =>
      Object.keys(inside as object).length === 0 ? key : `${key}: ${typeof inside === 'string' ? inside : `(${inWords(inside)})`}`,
    )
    .join(', ')
}
