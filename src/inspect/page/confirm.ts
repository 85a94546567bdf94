// Asks before something is done to a running daemon: says what it will do; what is worst has to be typed.
import { html } from './elements-dom.js'

/** What is asked. */
export interface Question {
  readonly title: string
  readonly text: string
  /** The word on the button that does it. */
  readonly yes: string
  readonly isDangerous: boolean
  /** What has to be typed first; undefined: nothing. */
  readonly typed: string | undefined
}

/** Resolves with whether somebody said yes. */
export function confirmed({ title, text, yes, isDangerous, typed }: Question): Promise<boolean> {
  const dialog = html('dialog', { class: 'dialog', 'aria-labelledby': 'question' })
  const form = html('form', {}, html('h2', { id: 'question' }, title), html('p', {}, text))
  const go = html('button', { class: isDangerous ? 'button is-dangerous is-main' : 'button is-main', type: 'submit' }, yes)
  const no = html('button', { class: 'button', type: 'button' }, 'Cancel')
  if (typed !== undefined) {
    const input = html('input', { type: 'text', autocomplete: 'off', spellcheck: 'false', 'aria-label': `Type ${typed} to confirm` })
    input.addEventListener('input', () => {
      go.disabled = input.value !== typed
    })
    go.disabled = true
    form.append(html('label', { class: 'typed' }, 'Type ', html('code', {}, typed), ' to confirm', input))
  }
  form.append(html('div', { class: 'dialog-buttons' }, no, go))
  no.addEventListener('click', () => dialog.close('no'))
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    dialog.close('yes')
  })
  dialog.append(form)
  document.body.append(dialog)
  dialog.showModal()
  if (typed === undefined) no.focus()
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      dialog.remove()
      resolve(dialog.returnValue === 'yes')
    })
  })
}
