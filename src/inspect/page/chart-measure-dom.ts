// Measures text as the page sets it, so that every word of a chart fits the place that it is given.
import type { Measure, Style } from './chart-drawing.js'
import { estimate } from './chart-wording.js'

const FONTS: Readonly<Record<Style, readonly [font: string, family: string]>> = {
  key: ['600 13px', '--sans'],
  line: ['11px', '--mono'],
  label: ['11px', '--mono'],
}

/** Measures with the fonts of the page; guesses where it cannot. */
export function measureWith(element: Element): Measure {
  const canvas = document.createElement('canvas').getContext('2d')
  if (canvas === null) return estimate
  const style = getComputedStyle(element)
  return (text, kind) => {
    const [font, family] = FONTS[kind]
    canvas.font = `${font} ${style.getPropertyValue(family) || 'sans-serif'}`
    return canvas.measureText(text).width
  }
}
