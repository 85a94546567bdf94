// Light or dark: as the system has it, until somebody chooses.
import { html } from './elements-dom.js'
import { icon, reshape } from './looks.js'

const KEY = 'quiesce-inspector-scheme'

/** The button that chooses. */
export function schemeButton(): HTMLElement {
  const shape = icon('moon')
  const button = html('button', { class: 'button is-icon', type: 'button' }, shape)
  const system = matchMedia('(prefers-color-scheme: dark)')
  const show = (): void => {
    const isDark = isDarkNow(system)
    reshape(shape, isDark ? 'sun' : 'moon')
    button.setAttribute('aria-label', isDark ? 'Light colours' : 'Dark colours')
    button.title = isDark ? 'Light colours' : 'Dark colours'
  }
  button.addEventListener('click', () => {
    document.documentElement.dataset['scheme'] = isDarkNow(system) ? 'light' : 'dark'
    keep(document.documentElement.dataset['scheme'] ?? '')
    show()
  })
  system.addEventListener('change', show)
  const kept = known()
  if (kept === 'light' || kept === 'dark') document.documentElement.dataset['scheme'] = kept
  show()
  return button
}

function isDarkNow(system: MediaQueryList): boolean {
  const chosen = document.documentElement.dataset['scheme']
  return chosen === undefined ? system.matches : chosen === 'dark'
}

// A page out of a file may have no storage.
function known(): string | null {
  try {
    return localStorage.getItem(KEY)
  } catch {
    return null
  }
}

function keep(scheme: string): void {
  try {
    localStorage.setItem(KEY, scheme)
  } catch {
    // Then it is chosen again next time.
  }
}
