// What is there before there is anything to show: a word on what is waited for, and a place to open a recording.
import { html, write } from './elements-dom.js'
import { icon } from './looks.js'
import type { Session } from './session.js'

/** The empty page. */
export class Welcome {
  readonly element = html('section', { class: 'welcome', 'aria-label': 'Nothing to show yet' })
  readonly #title = html('h1')
  readonly #text = html('p')

  constructor(open: (file: File) => void) {
    const button = html('button', { class: 'button is-main', type: 'button' }, icon('load'), ' Open a recording')
    button.addEventListener('click', () => Welcome.pick(open))
    const hint = html(
      'p',
      { class: 'welcome-hint' },
      'or drop one here: a file that ',
      html('code', {}, 'quiesce run --record FILE'),
      ' wrote, or one saved from this page.',
    )
    this.element.append(this.#title, this.#text, button, hint)
  }

  update({ source, link }: Session): void {
    if (source.kind !== 'live') {
      write(this.#title, 'Look at a recording')
      write(this.#text, 'This page came without a daemon.')
      return
    }
    const isRefused = link?.how === 'refused'
    write(this.#title, isRefused ? 'The daemon refuses' : link?.how === 'lost' ? 'The daemon does not answer' : 'Connecting …')
    write(this.#text, link?.why ?? (link?.how === 'lost' ? 'It may have ended, or be starting: it is tried again every few seconds.' : ''))
  }

  /** Lets a person pick a file. */
  static pick(open: (file: File) => void): void {
    const input = html('input', { type: 'file', accept: '.jsonl,.ndjson,.json,application/x-ndjson' })
    input.addEventListener('change', () => {
      const file = input.files?.[0]
      if (file !== undefined) open(file)
    })
    input.click()
  }
}
