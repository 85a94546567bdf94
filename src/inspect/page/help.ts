// What the keys do.
import { html } from './elements-dom.js'
import { icon } from './looks.js'

const KEYS: readonly (readonly [string, string])[] = [
  ['/', 'search services'],
  ['↑ ↓', 'one row up, down'],
  ['← →', 'shut or open a branch, go to its supervisor'],
  ['*', 'open all branches beside'],
  ['Enter', 'select the service'],
  ['p', 'pause, play on'],
  [', .', 'one fact back, on'],
  ['l', 'go to now'],
  ['1 – 4', 'service, messages, shutdown, facts'],
  ['t', 'go to the tree'],
  ['?', 'this help'],
]

/** Shows the keys. */
export function showHelp(): void {
  const dialog = html('dialog', { class: 'dialog', 'aria-labelledby': 'help' })
  const close = html('button', { class: 'button is-icon', type: 'button', 'aria-label': 'Close' }, icon('close'))
  const keys = KEYS.flatMap(([key, does]) => [
    html('dt', {}, ...key.split(' ').map((each) => (each === '–' ? ' – ' : html('kbd', {}, each)))),
    html('dd', {}, does),
  ])
  dialog.append(html('header', {}, html('h2', { id: 'help' }, 'Keys'), close), html('dl', { class: 'keys' }, ...keys))
  close.addEventListener('click', () => dialog.close())
  dialog.addEventListener('close', () => dialog.remove())
  document.body.append(dialog)
  dialog.showModal()
}
