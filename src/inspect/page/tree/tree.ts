// The live tree: every service with how it is, to be searched, folded and walked by keys, as trees in a browser are.
import type { PictureNode } from '../../../observe/picture/picture-node.js'
import { dress, html, write } from '../elements-dom.js'
import { icon } from '../looks.js'
import { askToSelect, type Moment, type View } from '../view.js'
import { VirtualList } from '../virtual-list.js'
import { fillRow, makeRow } from './row.js'
import { keyOf, type TreeRow, TreeRows } from './rows.js'

const STATUSES: readonly PictureNode['status'][] = ['ready', 'starting', 'draining', 'backing-off', 'stopped']

/** The tree, and what is looked for in it. */
export class TreeView implements View {
  readonly element = html('section', { class: 'tree', id: 'pane-tree', 'aria-label': 'Services' })
  readonly #rows = new TreeRows()
  readonly #search = html('input', {
    type: 'search',
    placeholder: 'Search services',
    'aria-label': 'Search services',
    'aria-keyshortcuts': '/',
  })
  readonly #chips = new Map<PictureNode['status'], HTMLButtonElement>()
  readonly #count = html('p', { class: 'tree-count', role: 'status' })
  readonly #box = html('div', { class: 'tree-box', role: 'tree', tabindex: 0, 'aria-label': 'The tree of services' })
  readonly #list: VirtualList<TreeRow>
  #active: string | undefined
  #moment: Moment | undefined
  #selection: string | undefined

  constructor() {
    this.#list = new VirtualList<TreeRow>(this.#box, {
      key: keyOf,
      make: makeRow,
      fill: (element, row) => this.#fill(element, row),
    })
    const chips = html('div', { class: 'chips', role: 'group', 'aria-label': 'Show only services that are' })
    for (const status of STATUSES) chips.append(this.#chip(status))
    const search = html('label', { class: 'search' }, icon('search'), this.#search, html('kbd', {}, '/'))
    const head = html('div', { class: 'tree-columns', 'aria-hidden': 'true' })
    for (const [name, words] of COLUMNS) head.append(html('span', { class: `cell cell-${name}` }, words))
    this.element.append(html('div', { class: 'tree-tools' }, search, chips), head, this.#box, this.#count)
    this.#search.addEventListener('input', () => this.#look({ text: this.#search.value }))
    this.#search.addEventListener('keydown', (event) => this.#searchKey(event))
    this.#box.addEventListener('keydown', (event) => this.#key(event))
    this.#box.addEventListener('click', (event) => this.#click(event))
    this.#box.addEventListener('focus', () => this.#redraw())
  }

  /** Puts the cursor where services are looked for. */
  search(): void {
    this.#search.focus()
    this.#search.select()
  }

  focus(): void {
    this.#box.focus()
  }

  /** Brings a service into view, however deep it is. */
  reveal(address: string): void {
    if (this.#moment === undefined || !this.#moment.picture.nodes.has(address)) return
    this.#rows.openTo(this.#moment.picture, address)
    this.#move(address)
  }

  update(moment: Moment, selection: string | undefined): void {
    const { picture } = moment
    this.#moment = moment
    this.#selection = selection
    this.#active ??= selection ?? picture.root
    const counts = new Map<string, number>()
    for (const { status } of picture.nodes.values()) counts.set(status, (counts.get(status) ?? 0) + 1)
    for (const [status, chip] of this.#chips) {
      write(chip.lastElementChild as HTMLElement, String(counts.get(status) ?? 0))
      chip.hidden = !counts.has(status) && this.#rows.filter.status !== status
    }
    const rows = this.#rows.rows(picture)
    if (!rows.some((row) => keyOf(row) === this.#active)) this.#active = rows[0] && keyOf(rows[0])
    this.#list.show(rows)
    const isFiltered = this.#rows.filter.text.trim() !== '' || this.#rows.filter.status !== undefined
    const found = isFiltered ? rows.filter((row) => row.kind === 'node' && !row.isAside).length : 0
    write(this.#count, isFiltered ? `${found} of ${picture.nodes.size} services` : '')
    dress(this.#box, { 'aria-activedescendant': this.#activeElement()?.id })
  }

  #fill(element: HTMLElement, row: TreeRow): void {
    if (this.#moment === undefined) return
    const standing = { isSelected: row.kind === 'node' && row.address === this.#selection, isActive: keyOf(row) === this.#active }
    fillRow(element, row, this.#moment.picture, standing)
  }

  #redraw(): void {
    if (this.#moment !== undefined) this.update(this.#moment, this.#selection)
  }

  #activeElement(): HTMLElement | undefined {
    return this.#active === undefined ? undefined : this.#list.elementOf(this.#active)
  }

  #chip(status: PictureNode['status']): HTMLElement {
    const chip = html(
      'button',
      { class: 'chip', type: 'button', 'aria-pressed': 'false' },
      `${status.replace('-', ' ')} `,
      html('b', {}, '0'),
    )
    chip.addEventListener('click', () => {
      this.#look({ status: this.#rows.filter.status === status ? undefined : status })
      for (const [each, element] of this.#chips) dress(element, { 'aria-pressed': String(each === this.#rows.filter.status) })
    })
    this.#chips.set(status, chip)
    return chip
  }

  #look(filter: Parameters<TreeRows['look']>[0]): void {
    this.#rows.look(filter)
    this.#box.scrollTop = 0
    this.#redraw()
  }

  #searchKey(event: KeyboardEvent): void {
    if (event.key === 'ArrowDown' || event.key === 'Enter') {
      event.preventDefault()
      const first = this.#list.rows.find((row) => row.kind === 'node' && !row.isAside)
      if (first !== undefined) this.#move(keyOf(first))
      if (event.key === 'Enter' && first !== undefined) askToSelect(this.element, first.address)
      this.focus()
    }
    if (event.key === 'Escape') {
      event.stopPropagation()
      this.#search.value = ''
      this.#look({ text: '' })
      this.focus()
    }
  }

  #click(event: MouseEvent): void {
    const element = event.target instanceof Element ? event.target.closest<HTMLElement>('.row') : null
    const address = element?.dataset['address']
    if (element === null || address === undefined) return
    const row = this.#list.rows.find((each) => each.address === address && each.kind === element.dataset['kind'])
    if (row === undefined) return
    this.#active = keyOf(row)
    const isTwisty = event.target instanceof Element && event.target.closest('.twisty') !== null
    if (row.kind === 'node' && isTwisty && row.childCount > 0) this.#fold(row, !row.isOpen)
    else this.#choose(row)
  }

  #choose(row: TreeRow): void {
    if (row.kind === 'node') return askToSelect(this.element, row.address)
    this.#rows.more(row.address)
    this.#redraw()
  }

  #fold(row: TreeRow & { readonly kind: 'node' }, isOpen: boolean): void {
    this.#rows.open(row.address, isOpen)
    this.#redraw()
  }

  #move(key: string | undefined): void {
    if (key === undefined) return
    this.#active = key
    this.#redraw()
    this.#list.reveal(this.#list.rows.findIndex((row) => keyOf(row) === key))
    this.#redraw()
  }

  #key(event: KeyboardEvent): void {
    if (event.altKey || event.ctrlKey || event.metaKey) return
    const { rows, page } = this.#list
    const at = rows.findIndex((row) => keyOf(row) === this.#active)
    const row = rows[at]
    if (row === undefined) return
    const to = (index: number): void => this.#move(keyOf(rows[Math.max(0, Math.min(rows.length - 1, index))] as TreeRow))
    const moves: Readonly<Record<string, () => void>> = {
      ArrowDown: () => to(at + 1),
      ArrowUp: () => to(at - 1),
      PageDown: () => to(at + page),
      PageUp: () => to(at - page),
      Home: () => to(0),
      End: () => to(rows.length - 1),
      ArrowRight: () => this.#into(row, at, to),
      ArrowLeft: () => this.#outOf(row, at, to),
      Enter: () => this.#choose(row),
      ' ': () => this.#choose(row),
      '*': () => this.#openBeside(row),
    }
    const move = moves[event.key]
    if (move === undefined) return
    event.preventDefault()
    event.stopPropagation()
    move()
  }

  #into(row: TreeRow, at: number, to: (index: number) => void): void {
    if (row.kind !== 'node' || row.childCount === 0) return
    if (row.isOpen) to(at + 1)
    else this.#fold(row, true)
  }

  #outOf(row: TreeRow, at: number, to: (index: number) => void): void {
    if (row.kind === 'node' && row.isOpen && row.childCount > 0 && row.level > 1) return this.#fold(row, false)
    to(this.#list.rows.findLastIndex((each, index) => index < at && each.level < row.level))
  }

  #openBeside(row: TreeRow): void {
    const siblings = this.#list.rows.filter((each) => each.kind === 'node' && each.level === row.level && each.childCount > 0)
    for (const { address } of siblings) this.#rows.open(address, true)
    this.#redraw()
  }
}

const COLUMNS = [
  ['name', 'Service'],
  ['word', 'State'],
  ['flight', 'In flight'],
] as const
