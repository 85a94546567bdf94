// Holds the place until the chart is drawn.
import { html } from './elements-dom.js'
import type { View } from './view.js'

export function chartView(): View {
  return { element: html('div', { class: 'chart' }), update: () => {} }
}
