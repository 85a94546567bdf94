// Holds the place until the sequence is drawn.
import { html } from './elements-dom.js'
import type { View } from './view.js'

export function sequenceView(): View {
  return { element: html('div', { class: 'sequence' }), update: () => {} }
}
