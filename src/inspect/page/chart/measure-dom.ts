// Measures text as the page sets it, so that every word of a chart fits the place that it is given.
import type { Measure, Style } from './drawing.js'
import { estimate } from './wording.js'

const FONTS: Readonly<Record<Style, readonly [font: string, family: string]>> = {
  key: ['600 13px', '--sans'],
  line: ['11px', '--mono'],
  label: ['11px', '--mono'],
}

/** How wide a text is in a font, in pixels. */
export function textWidth(font: string): (text: string) => number {
  const canvas = document.createElement('canvas').getContext('2d')
  const known = new Map<string, number>()
  return (text) => {
    const width = known.get(text)
    if (width !== undefined || canvas === null) return width ?? estimate(text, 'label')
    canvas.font = font
    const measured = canvas.measureText(text).width
    if (known.size > 2_000) known.clear()
    known.set(text, measured)
    return measured
  }
}

/** Measures with the fonts of the page; guesses where it cannot. */
export function measureWith(element: Element): Measure {
  const style = getComputedStyle(element)
  const widths = new Map<Style, (text: string) => number>()
  for (const [kind, [font, family]] of Object.entries(FONTS)) {
    widths.set(kind as Style, textWidth(`${font} ${style.getPropertyValue(family) || 'sans-serif'}`))
  }
  return (text, kind) => widths.get(kind)?.(text) ?? estimate(text, kind)
}
