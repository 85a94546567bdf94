// The page: puts its parts together, hears keys, and draws at most once a frame, however much happens between two.
import { Bar } from './bar.js'
import { ControlBar } from './control-bar.js'
import { DetailView } from './detail.js'
import { html, write } from './elements-dom.js'
import { FactsView } from './facts.js'
import { acceptDrops, readRecording } from './files.js'
import { StopBanner } from './header.js'
import { showHelp } from './help.js'
import { type PaneName, Panes } from './panes.js'
import { sequenceView } from './sequence/view.js'
import { Session } from './session.js'
import { timelineView } from './timeline/view.js'
import { Transport } from './transport.js'
import { TreeView } from './tree/tree.js'
import { onSelect, type View } from './view.js'
import { Welcome } from './welcome.js'

/** Before the selected service in the address of the page. */
const SELECTED = '#/'
/** Countdowns go on while nothing happens. */
const TICK_MS = 250

class Page {
  readonly #session = new Session(() => this.#later())
  readonly #bar = new Bar(this.#session, (file) => void this.#open(file))
  readonly #banner = new StopBanner()
  readonly #tree = new TreeView()
  readonly #panes: Panes
  readonly #transport = new Transport(this.#session)
  readonly #welcome = new Welcome((file) => void this.#open(file))
  readonly #notice = html('p', { class: 'notice', role: 'status', hidden: '' })
  readonly #main = html('main', { class: 'main', hidden: '' })
  #isPending = false

  constructor() {
    const facts = new FactsView((seq) => this.#session.seek(this.#session.recording?.facts.countUntil(seq)))
    const views: [PaneName, View][] = [
      ['service', new DetailView(new ControlBar())],
      ['messages', sequenceView()],
      ['shutdown', timelineView()],
      ['facts', facts],
    ]
    this.#panes = new Panes(new Map(views), () => this.#later())
    this.#main.append(this.#panes.tabs, this.#tree.element, html('div', { class: 'side' }, this.#panes.element))
    const skip = html('a', { class: 'skip', href: '#main' }, 'Skip to the services')
    this.#main.id = 'main'
    document.body.append(skip, this.#bar.element, this.#banner.element, this.#notice, this.#main, this.#welcome.element)
    document.body.append(this.#transport.element)
    onSelect(document.body, (address) => this.#select(address))
    document.addEventListener('keydown', (event) => this.#key(event))
    acceptDrops(document.body, (file) => void this.#open(file))
    setInterval(() => this.#session.isLive && this.#later(), TICK_MS)
  }

  /** Begins: with the daemon that sent the page, with a recording that was named, or with neither. */
  begin(): void {
    const named = new URLSearchParams(location.search).get('recording')
    if (named !== null) void this.#fetch(named)
    else if (location.protocol.startsWith('http')) this.#session.connect()
    this.#selectNamed()
    addEventListener('hashchange', () => this.#selectNamed())
    this.#later()
  }

  #selectNamed(): void {
    const { hash } = location
    if (hash.startsWith(SELECTED)) this.#session.select(decoded(hash.slice(SELECTED.length)))
  }

  #later(): void {
    if (this.#isPending) return
    this.#isPending = true
    requestAnimationFrame(() => {
      this.#isPending = false
      this.#draw()
    })
  }

  #draw(): void {
    const { moment, selection } = this.#session
    this.#bar.update()
    this.#main.hidden = moment === undefined
    this.#welcome.element.hidden = moment !== undefined
    this.#transport.update()
    if (moment === undefined) return this.#welcome.update(this.#session)
    this.#banner.update(moment)
    if (this.#tree.element.offsetParent !== null) this.#tree.update(moment, selection)
    if (this.#panes.element.offsetParent !== null) this.#panes.view?.update(moment, selection)
  }

  // The address of the page says what is selected, so that it can be handed on, and a reload changes nothing.
  #select(address: string): void {
    this.#session.select(address)
    history.replaceState(null, '', `${SELECTED}${address.replaceAll('%', '%25')}`)
    if (this.#panes.shown === 'tree') this.#panes.show('service')
    this.#tree.reveal(address)
  }

  // --- recordings

  async #open(file: File): Promise<void> {
    this.#read(file.name, await file.text())
  }

  async #fetch(named: string): Promise<void> {
    const url = new URL(named, location.href)
    // A page that names another place as its recording is somebody's trick.
    if (url.origin !== location.origin) return this.#tell(`${named} is not of this origin`)
    const answer = await fetch(url)
    if (!answer.ok) return this.#tell(`${named}: the server answers ${answer.status}`)
    this.#read(decodeURIComponent(url.pathname.split('/').at(-1) ?? named), await answer.text())
  }

  #read(name: string, text: string): void {
    try {
      const { runs, badLines } = readRecording(text)
      this.#session.open(name, runs)
      const bad =
        badLines === 0
          ? ''
          : `${badLines} ${badLines === 1 ? 'line of it is no frame and was' : 'lines of it are no frames and were'} left out.`
      this.#tell(bad === '' ? '' : `${name}: ${bad}`)
    } catch (error) {
      this.#tell(`${name}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  #tell(text: string): void {
    write(this.#notice, text)
    this.#notice.hidden = text === ''
  }

  // --- keys

  #key(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || document.querySelector('dialog[open]') !== null) return
    const isTyping = event.target instanceof HTMLInputElement && event.target.type !== 'checkbox' && event.target.type !== 'range'
    if (isTyping || event.target instanceof HTMLSelectElement) return
    const keys: Readonly<Record<string, () => void>> = {
      '/': () => this.#showTree(() => this.#tree.search()),
      t: () => this.#showTree(() => this.#tree.focus()),
      p: () => this.#transport.toggle(),
      ',': () => this.#transport.step(-1),
      '.': () => this.#transport.step(1),
      l: () => this.#transport.live(),
      '?': showHelp,
      1: () => this.#panes.show('service'),
      2: () => this.#panes.show('messages'),
      3: () => this.#panes.show('shutdown'),
      4: () => this.#panes.show('facts'),
    }
    const act = keys[event.key]
    if (act === undefined) return
    event.preventDefault()
    act()
  }

  // On a small screen the tree has to come to the front first.
  #showTree(then: () => void): void {
    if (this.#tree.element.offsetParent === null) {
      this.#panes.show('tree')
      this.#draw()
    }
    then()
  }
}

// Somebody may have typed it.
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

new Page().begin()
