// The bar above: the daemon, the line to it, and what can be done with the page: save, open, colours, help.

import { dress, html, write } from './elements-dom.js'
import { saveRecording } from './files.js'
import { HeaderView } from './header.js'
import { showHelp } from './help.js'
import type { LinkState } from './link.js'
import { icon } from './looks.js'
import { schemeButton } from './scheme.js'
import type { Session } from './session.js'
import { clockTime } from './times.js'
import { Welcome } from './welcome.js'

const LINES: Readonly<Record<LinkState['how'], string>> = {
  connecting: 'connecting',
  open: 'connected',
  lost: 'connection lost, trying again',
  refused: 'refused',
  over: 'the daemon has ended',
}

/** The head of the page. */
export class Bar {
  readonly element = html('header', { class: 'bar' })
  readonly #session: Session
  readonly #daemon = new HeaderView()
  readonly #lineWords = html('span')
  readonly #line = html('button', { class: 'line', type: 'button' }, html('i', { class: 'line-dot' }), this.#lineWords)
  readonly #runs = html('select', { class: 'runs', 'aria-label': 'Run of the daemon', hidden: '' })
  readonly #save = action('save', 'Save the recording')

  constructor(session: Session, open: (file: File) => void) {
    this.#session = session
    const load = action('load', 'Open a recording')
    const help = action('help', 'Keys (?)')
    const actions = html('div', { class: 'bar-actions' }, this.#runs, this.#line, this.#save, load, schemeButton(), help)
    this.element.append(this.#daemon.element, actions)
    this.#line.addEventListener('click', () => session.reconnect())
    this.#save.addEventListener('click', () => session.recording && saveRecording(session.recording))
    load.addEventListener('click', () => Welcome.pick(open))
    help.addEventListener('click', showHelp)
    this.#runs.addEventListener('change', () => session.show(Number(this.#runs.value)))
  }

  update(): void {
    const { moment, source, link, runs, shownRun } = this.#session
    if (moment !== undefined) this.#daemon.update(moment)
    this.#save.disabled = moment === undefined
    const how = source.kind === 'file' ? 'file' : (link?.how ?? 'none')
    // What it is said to be it was when it was last heard.
    this.element.classList.toggle('is-stale', how === 'lost' || how === 'refused')
    this.#line.className = `line is-${how}`
    this.#line.disabled = how !== 'lost' && how !== 'refused' && how !== 'over'
    write(this.#lineWords, source.kind === 'file' ? source.name : link === undefined ? 'no daemon' : (link.why ?? LINES[link.how]))
    dress(this.#line, { title: this.#line.disabled ? undefined : 'Try again now' })
    this.#showRuns(runs.length, shownRun)
  }

  #showRuns(count: number, shown: number): void {
    this.#runs.hidden = count < 2
    if (count < 2) return
    if (this.#runs.options.length !== count) {
      const options = this.#session.runs.map(({ live }, index) => {
        const words = live === undefined ? `run ${index + 1}` : `pid ${live.state.daemon.pid}, ${clockTime(live.wallAt(live.state.at))}`
        return html('option', { value: index }, words)
      })
      this.#runs.replaceChildren(...options)
    }
    if (this.#runs.selectedIndex !== shown) this.#runs.selectedIndex = shown
  }
}

function action(name: Parameters<typeof icon>[0], label: string): HTMLButtonElement {
  return html('button', { class: 'button is-icon', type: 'button', 'aria-label': label, title: label }, icon(name))
}
