// One row of the tree: made once, filled again and again. Every figure has words for those who cannot see it.
import { formatMs } from '../../../base/duration.js'
import type { Picture } from '../../../observe/picture/picture.js'
import type { PictureNode } from '../../../observe/picture/picture-node.js'
import { dress, html, write } from '../elements-dom.js'
import { icon, lookOf, reshape } from '../looks.js'
import type { TreeRow } from './rows.js'

interface Parts {
  readonly twisty: SVGSVGElement
  readonly status: SVGSVGElement
  readonly id: HTMLElement
  readonly marks: HTMLElement
  readonly word: HTMLElement
  readonly flight: HTMLElement
  readonly meter: HTMLElement
}

const parts = new WeakMap<HTMLElement, Parts>()
const filled = new WeakMap<HTMLElement, { readonly node: PictureNode; readonly row: TreeRow }>()

/** An empty row. */
export function makeRow(): HTMLElement {
  const made: Parts = {
    twisty: icon('open'),
    status: icon('ready'),
    id: html('span', { class: 'row-id' }),
    marks: html('span', { class: 'row-marks' }),
    word: html('span', { class: 'cell cell-word' }),
    flight: html('span', { class: 'flight-text' }),
    meter: html('span', { class: 'meter-fill' }),
  }
  const name = html(
    'span',
    { class: 'row-name' },
    html('span', { class: 'twisty' }, made.twisty),
    html('span', { class: 'row-status' }, made.status),
  )
  name.append(made.id, made.marks)
  const flight = html('span', { class: 'cell cell-flight' }, made.flight, html('span', { class: 'meter' }, made.meter))
  const element = html('div', { class: 'row', role: 'treeitem' }, name, made.word, flight)
  parts.set(element, made)
  return element
}

/** How a row stands in its tree. */
export interface RowStanding {
  readonly isSelected: boolean
  readonly isActive: boolean
}

/** Fills a row. */
export function fillRow(element: HTMLElement, row: TreeRow, picture: Picture, { isSelected, isActive }: RowStanding): void {
  element.id = `row-${row.kind}-${row.address}`
  element.dataset['address'] = row.address
  element.dataset['kind'] = row.kind
  element.style.setProperty('--level', String(row.level - 1))
  dress(element, { 'aria-selected': String(isSelected), 'aria-level': row.level })
  element.classList.toggle('is-selected', isSelected)
  element.classList.toggle('is-active', isActive)
  if (row.kind === 'more') return fillMore(element, row)
  const node = picture.nodes.get(row.address)
  const known = filled.get(element)
  if (node === undefined || (known?.node === node && known.row === row)) return
  filled.set(element, { node, row })
  fillNode(element, row, node)
}

function fillMore(element: HTMLElement, { left }: TreeRow & { readonly kind: 'more' }): void {
  filled.delete(element)
  const made = parts.get(element) as Parts
  dress(element, { class: element.className.replace(/ tone-\w+/, ''), 'aria-expanded': undefined, 'aria-posinset': undefined })
  element.classList.add('is-more')
  element.classList.remove('has-children', 'is-aside')
  write(made.id, `${left} more: show the next`)
  made.marks.replaceChildren()
  delete made.marks.dataset['marks']
  for (const part of [made.word, made.flight]) write(part, '')
  made.meter.parentElement?.classList.add('is-empty')
}

function fillNode(element: HTMLElement, row: TreeRow & { readonly kind: 'node' }, node: PictureNode): void {
  const made = parts.get(element) as Parts
  const look = lookOf(node)
  const hasChildren = row.childCount > 0
  element.className = `row tone-${look.tone}`
  element.classList.toggle('has-children', hasChildren)
  element.classList.toggle('is-aside', row.isAside)
  element.classList.toggle('is-selected', element.getAttribute('aria-selected') === 'true')
  element.classList.toggle('is-supervisor', node.kind === 'supervisor')
  dress(element, {
    'aria-expanded': hasChildren ? String(row.isOpen) : undefined,
    'aria-posinset': row.position,
    'aria-setsize': row.siblings,
  })
  reshape(made.twisty, row.isOpen ? 'open' : 'shut')
  reshape(made.status, look.icon)
  write(made.id, node.id)
  fillMarks(made.marks, marksOf(row, node))
  write(made.word, look.word)
  fillFlight(made, node)
}

/** What is special about a service: a short word, one for those who point at it, and how much it matters. */
interface Mark {
  readonly text: string
  readonly title: string
  readonly kind: 'plain' | 'leads' | 'warn' | 'bad'
}

function marksOf({ childCount, isOpen }: TreeRow & { readonly kind: 'node' }, node: PictureNode): Mark[] {
  const { leader, restarts, health, incarnation } = node
  const marks: Mark[] = []
  const add = (text: string, title: string, kind: Mark['kind'] = 'plain'): void => void marks.push({ text, title, kind })
  if (!isOpen && childCount > 0) add(`${childCount} below`, `${childCount} children are folded away`)
  if (leader?.leading === true) add(`leads, term ${leader.term}`, 'this process leads', 'leads')
  if (leader?.leading === false) add('standby', 'another process leads, or nobody does')
  if (health !== undefined && health.misses > 0)
    add(`missed ${health.misses}/${health.limit}`, `${health.misses} health checks missed in a row, ${health.limit} are a crash`, 'bad')
  if (restarts !== undefined && restarts.count > 0) {
    const within = formatMs(restarts.withinMs ?? Number.POSITIVE_INFINITY)
    const title = `${restarts.count} restarts within ${within}; one more than ${restarts.max}, and it gives up`
    add(`restarts ${restarts.count}/${restarts.max}`, title, restarts.count >= restarts.max ? 'bad' : 'warn')
  }
  if (incarnation > 1) add(`#${incarnation}`, `incarnation ${incarnation}`)
  if (node.edge) add('edge', 'drained before everybody else')
  if (node.dynamic) add('dynamic', 'its children come and go at run time')
  if (node.hasMachine) add('machine', 'it runs a machine of its own')
  return marks
}

function fillMarks(element: HTMLElement, marks: readonly Mark[]): void {
  const text = marks.map((mark) => mark.text).join('\n')
  if (element.dataset['marks'] === text) return
  element.dataset['marks'] = text
  element.replaceChildren(...marks.map((mark) => html('span', { class: `mark mark-${mark.kind}`, title: mark.title }, mark.text)))
}

function fillFlight({ flight, meter }: Parts, { inFlight, capacity, waiting = 0 }: PictureNode): void {
  const line = waiting > 0 ? ` +${short(waiting)}` : ''
  write(
    flight,
    inFlight === 0 && line === '' && capacity === undefined
      ? ''
      : `${short(inFlight)}${capacity === undefined ? '' : `/${short(capacity)}`}${line}`,
  )
  const share = capacity === undefined || capacity === 0 ? 0 : Math.min(1, inFlight / capacity)
  const box = meter.parentElement
  box?.classList.toggle('is-empty', capacity === undefined)
  box?.classList.toggle('is-full', share >= 1)
  meter.style.transform = `scaleX(${share})`
  const words = `${inFlight} in flight${capacity === undefined ? '' : `, ${capacity} at most`}${waiting > 0 ? `, ${waiting} wait in line` : ''}`
  dress(box?.parentElement as HTMLElement, { title: words })
}

// A column has room for four digits; all of them are in the words beside.
function short(count: number): string {
  if (count < 10_000) return String(count)
  return count < 999_500 ? `${Math.round(count / 1_000)}k` : `${(count / 1_000_000).toFixed(1)}M`
}
