// The tree as rows: which of its branches are open, which services are looked for, and the many children of one supervisor in pages.
import type { Picture } from '../../../observe/picture/picture.js'
import type { PictureNode } from '../../../observe/picture/picture-node.js'

/** One row. */
export type TreeRow =
  | {
      readonly kind: 'node'
      readonly address: string
      readonly level: number
      readonly isOpen: boolean
      readonly childCount: number
      /** Its place among its siblings, and how many they are. */
      readonly position: number
      readonly siblings: number
      /** Whether it is only there because somebody below it was looked for. */
      readonly isAside: boolean
    }
  | { readonly kind: 'more'; readonly address: string; readonly level: number; readonly left: number }

/** What is looked for. */
export interface Filter {
  /** Every word has to be in the address. */
  readonly text: string
  /** Undefined: all. */
  readonly status: PictureNode['status'] | undefined
}

const NO_FILTER: Filter = { text: '', status: undefined }
/** More children than that are shown in pages, and shut at first where they come and go. */
const PAGE = 100
const OPEN_AT_MOST = 20

/** Which rows there are. */
export class TreeRows {
  readonly #isOpen = new Map<string, boolean>()
  readonly #limits = new Map<string, number>()
  #filter = NO_FILTER
  #version = 0
  #rows: readonly TreeRow[] = []
  #madeOf: { readonly picture: Picture; readonly structure: number; readonly version: number; readonly seq: number } | undefined

  get filter(): Filter {
    return this.#filter
  }

  /** Looks for some services; their supervisors are shown too. */
  look(filter: Partial<Filter>): void {
    this.#filter = { ...this.#filter, ...filter }
    this.#version += 1
  }

  isOpen(picture: Picture, address: string): boolean {
    if (this.#isFiltering) return true
    const isDynamic = picture.nodes.get(address)?.dynamic === true
    return this.#isOpen.get(address) ?? !(isDynamic && picture.childrenOf(address).size > OPEN_AT_MOST)
  }

  open(address: string, isOpen: boolean): void {
    this.#isOpen.set(address, isOpen)
    this.#version += 1
  }

  /** Opens all that is above a service, so that its own row is there. */
  openTo(picture: Picture, address: string): void {
    for (let node = picture.nodes.get(address); node?.parent !== undefined; node = picture.nodes.get(node.parent)) {
      if (!this.isOpen(picture, node.parent)) this.open(node.parent, true)
      const position = [...picture.childrenOf(node.parent)].indexOf(node.address)
      if (position >= this.#limitOf(node.parent)) this.#limits.set(node.parent, Math.ceil((position + 1) / PAGE) * PAGE)
    }
    this.#version += 1
  }

  /** Shows the next page of children. */
  more(address: string): void {
    this.#limits.set(address, this.#limitOf(address) + PAGE)
    this.#version += 1
  }

  /** The rows of a picture; the same array as long as they are the same. */
  rows(picture: Picture): readonly TreeRow[] {
    const { structure } = picture
    const seq = this.#filter.status === undefined ? 0 : picture.seq
    const known = this.#madeOf
    const isKnown = known?.picture === picture && known.structure === structure && known.version === this.#version && known.seq === seq
    if (!isKnown) {
      this.#rows = this.#isFiltering ? this.#found(picture) : this.#all(picture)
      this.#madeOf = { picture, structure, version: this.#version, seq }
    }
    return this.#rows
  }

  get #isFiltering(): boolean {
    return this.#filter.text.trim() !== '' || this.#filter.status !== undefined
  }

  #limitOf(address: string): number {
    return this.#limits.get(address) ?? PAGE
  }

  #all(picture: Picture): TreeRow[] {
    const rows: TreeRow[] = []
    const visit = (address: string, level: number, position: number, siblings: number): void => {
      const children = picture.childrenOf(address)
      const isOpen = this.isOpen(picture, address)
      rows.push({ kind: 'node', address, level, isOpen, childCount: children.size, position, siblings, isAside: false })
      if (!isOpen) return
      const limit = this.#limitOf(address)
      let count = 0
      for (const child of children) {
        count += 1
        if (count > limit) break
        visit(child, level + 1, count, children.size)
      }
      if (children.size > limit) rows.push({ kind: 'more', address, level: level + 1, left: children.size - limit })
    }
    visit(picture.root, 1, 1, 1)
    return rows
  }

  #found(picture: Picture): TreeRow[] {
    const words = this.#filter.text.toLowerCase().split(/\s+/).filter(Boolean)
    const { status } = this.#filter
    const isMeant = (node: PictureNode): boolean =>
      (status === undefined || node.status === status) && words.every((word) => node.address.toLowerCase().includes(word))
    const found = new Set<string>()
    const above = new Set<string>()
    for (const node of picture.nodes.values()) {
      if (!isMeant(node)) continue
      found.add(node.address)
      for (let parent = node.parent; parent !== undefined && !above.has(parent); parent = picture.nodes.get(parent)?.parent)
        above.add(parent)
    }
    const rows: TreeRow[] = []
    const visit = (address: string, level: number, position: number, siblings: number): void => {
      const children = [...picture.childrenOf(address)].filter((child) => found.has(child) || above.has(child))
      const isAside = !found.has(address)
      rows.push({ kind: 'node', address, level, isOpen: true, childCount: children.length, position, siblings, isAside })
      for (const [index, child] of children.entries()) visit(child, level + 1, index + 1, children.length)
    }
    if (found.size > 0) visit(picture.root, 1, 1, 1)
    return rows
  }
}

/** Tells a row from others. */
export function keyOf(row: TreeRow): string {
  return row.kind === 'node' ? row.address : `${row.address} more`
}
