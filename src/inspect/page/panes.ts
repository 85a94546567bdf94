// The parts of the page that take turns: the selected service, messages, the shutdown, all facts; on a small screen the tree as well.
import { dress, html } from './elements-dom.js'
import type { View } from './view.js'

/** A part of the page. */
export type PaneName = 'tree' | 'service' | 'messages' | 'shutdown' | 'facts'

const LABELS: Readonly<Record<PaneName, string>> = {
  tree: 'Tree',
  service: 'Service',
  messages: 'Messages',
  shutdown: 'Shutdown',
  facts: 'Facts',
}

/** Where the tree has no place of its own; as in the style. */
const SMALL = '(max-width: 860px)'

/** Tabs, and what is behind them. */
export class Panes {
  readonly tabs = html('div', { class: 'tabs', role: 'tablist', 'aria-label': 'Views' })
  readonly element = html('div', { class: 'panes' })
  readonly #views: ReadonlyMap<PaneName, View>
  readonly #buttons = new Map<PaneName, HTMLButtonElement>()
  readonly #panels = new Map<PaneName, HTMLElement>()
  readonly #onChange: () => void
  #shown: PaneName = 'service'

  constructor(views: ReadonlyMap<PaneName, View>, onChange: () => void) {
    this.#views = views
    this.#onChange = onChange
    for (const name of Object.keys(LABELS) as PaneName[]) this.#add(name)
    this.tabs.addEventListener('keydown', (event) => this.#key(event))
    this.show(matchMedia(SMALL).matches ? 'tree' : 'service')
  }

  get shown(): PaneName {
    return this.#shown
  }

  /** The view in front; undefined for the tree, which has a place of its own on a large screen. */
  get view(): View | undefined {
    return this.#views.get(this.#shown === 'tree' ? 'service' : this.#shown)
  }

  show(name: PaneName): void {
    this.#shown = name
    document.body.dataset['pane'] = name
    for (const [each, button] of this.#buttons) {
      dress(button, { 'aria-selected': String(each === name), tabindex: each === name ? 0 : -1 })
      button.classList.toggle('is-on', each === name)
    }
    const front = name === 'tree' ? 'service' : name
    for (const [each, panel] of this.#panels) panel.hidden = each !== front
    this.#onChange()
  }

  #add(name: PaneName): void {
    const button = html(
      'button',
      { class: `tab tab-${name}`, type: 'button', role: 'tab', id: `tab-${name}`, 'aria-controls': `pane-${name}` },
      LABELS[name],
    )
    button.addEventListener('click', () => this.show(name))
    this.#buttons.set(name, button)
    this.tabs.append(button)
    const view = this.#views.get(name)
    if (view === undefined) return
    const panel = html(
      'div',
      { class: `pane pane-${name}`, id: `pane-${name}`, role: 'tabpanel', 'aria-labelledby': `tab-${name}` },
      view.element,
    )
    this.#panels.set(name, panel)
    this.element.append(panel)
  }

  #key(event: KeyboardEvent): void {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
    if (step === 0) return
    const names = [...this.#buttons].filter(([, button]) => button.offsetParent !== null).map(([name]) => name)
    const next = names[(names.indexOf(this.#shown) + step + names.length) % names.length]
    if (next === undefined) return
    event.preventDefault()
    this.show(next)
    this.#buttons.get(next)?.focus()
  }
}
