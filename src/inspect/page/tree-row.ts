// One row of the tree: made once, filled again and again. Every figure has words for those who cannot see it.
import type { Picture } from '../../observe/picture.js'
import type { PictureNode } from '../../observe/picture-node.js'
import { dress, html, write } from './elements-dom.js'
import { icon, lookOf, reshape } from './looks.js'
import type { TreeRow } from './tree-rows.js'

interface Parts {
  readonly twisty: SVGSVGElement
  readonly status: SVGSVGElement
  readonly id: HTMLElement
  readonly marks: HTMLElement
  readonly word: HTMLElement
  readonly flight: HTMLElement
  readonly meter: HTMLElement
  readonly incarnation: HTMLElement
  readonly restarts: HTMLElement
  readonly health: HTMLElement
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
    incarnation: html('span', { class: 'cell cell-incarnation' }),
    restarts: html('span', { class: 'cell cell-restarts' }),
    health: html('span', { class: 'cell cell-health' }),
  }
  const name = html(
    'span',
    { class: 'row-name' },
    html('span', { class: 'twisty' }, made.twisty),
    html('span', { class: 'row-status' }, made.status),
  )
  name.append(made.id, made.marks)
  const flight = html('span', { class: 'cell cell-flight' }, made.flight, html('span', { class: 'meter' }, made.meter))
  const element = html('div', { class: 'row', role: 'treeitem' }, name, made.word, flight, made.incarnation, made.restarts, made.health)
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
  for (const part of [made.marks, made.word, made.flight, made.incarnation, made.restarts, made.health]) write(part, '')
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
  fillMarks(made.marks, row, node)
  write(made.word, look.word)
  fillFlight(made, node)
  write(made.incarnation, node.incarnation > 1 ? `#${node.incarnation}` : '')
  dress(made.incarnation, { title: `incarnation ${node.incarnation}` })
  const { restarts, health } = node
  write(made.restarts, restarts === undefined || restarts.count === 0 ? '' : `${restarts.count}/${restarts.max}`)
  made.restarts.classList.toggle('is-hot', restarts !== undefined && restarts.count >= restarts.max)
  dress(made.restarts, { title: restarts && `${restarts.count} restarts within ${restarts.withinMs} ms, ${restarts.max} at most` })
  write(made.health, health === undefined || health.misses === 0 ? '' : `${health.misses}/${health.limit}`)
  made.health.classList.toggle('is-hot', health !== undefined && health.misses > 0)
  dress(made.health, { title: health && `${health.misses} health checks missed in a row, ${health.limit} are a crash` })
}

function fillMarks(element: HTMLElement, { childCount, isOpen }: TreeRow & { readonly kind: 'node' }, node: PictureNode): void {
  const marks: string[] = []
  if (node.leader !== undefined) marks.push(node.leader.leading ? `leads, term ${node.leader.term}` : 'standby')
  if (node.edge) marks.push('edge')
  if (node.dynamic) marks.push(isOpen ? 'dynamic' : `dynamic, ${childCount}`)
  if (node.hasMachine) marks.push('machine')
  if (!isOpen && !node.dynamic && childCount > 0) marks.push(`${childCount} shut`)
  const text = marks.join('\n')
  if (element.dataset['marks'] === text) return
  element.dataset['marks'] = text
  const leads = node.leader?.leading === true
  element.replaceChildren(...marks.map((mark, index) => html('span', { class: `mark${leads && index === 0 ? ' mark-leads' : ''}` }, mark)))
}

function fillFlight({ flight, meter }: Parts, { inFlight, capacity, waiting = 0 }: PictureNode): void {
  const line = waiting > 0 ? ` +${waiting}` : ''
  write(
    flight,
    inFlight === 0 && line === '' && capacity === undefined ? '' : `${inFlight}${capacity === undefined ? '' : `/${capacity}`}${line}`,
  )
  const share = capacity === undefined || capacity === 0 ? 0 : Math.min(1, inFlight / capacity)
  const box = meter.parentElement
  box?.classList.toggle('is-empty', capacity === undefined)
  box?.classList.toggle('is-full', share >= 1)
  meter.style.transform = `scaleX(${share})`
  const words = `${inFlight} in flight${capacity === undefined ? '' : `, ${capacity} at most`}${waiting > 0 ? `, ${waiting} wait in line` : ''}`
  dress(box?.parentElement as HTMLElement, { title: words })
}
