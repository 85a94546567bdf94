// Holds the place until the timeline is drawn.
import { html } from './elements-dom.js'
import type { View } from './view.js'

export function timelineView(): View {
  return { element: html('div', { class: 'timeline' }), update: () => {} }
}
