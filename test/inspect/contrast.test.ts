// The colours of the page can be read: WCAG AA by computation, for every pair that is set one on the other, light and dark.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const css = readFileSync(fileURLToPath(new URL('../../src/inspect/page/theme.css', import.meta.url)), 'utf8')

/** The colours of a scheme by their names. */
function coloursOf(scheme: 0 | 1): Map<string, string> {
  const found = new Map<string, string>()
  for (const [, name = '', ...pair] of css.matchAll(/--([\w-]+):\s*light-dark\((#[0-9a-f]{6}),\s*(#[0-9a-f]{6})\)/g))
    found.set(name, pair[scheme] ?? '')
  return found
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(colour.slice(at, at + 2), 16) / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b)
  return (light + 0.05) / (dark + 0.05)
}

/** What text is set on. */
const GROUNDS = ['ground', 'panel', 'raised', 'sunken', 'accent-soft', 'bad-soft', 'warn-soft']
const TEXTS = ['text', 'muted', 'accent', 'good', 'busy', 'warn', 'bad', 'quiet']

describe.each([
  ['light', 0],
  ['dark', 1],
] as const)('%s', (_name, scheme) => {
  const colours = coloursOf(scheme)

  test('all colours are read', () => {
    expect([...colours.keys()]).toEqual(expect.arrayContaining([...GROUNDS, ...TEXTS, 'on-accent', 'line']))
  })

  test.each(TEXTS.flatMap((text) => GROUNDS.map((ground) => [text, ground] as const)))('%s on %s is 4.5 to 1 or more', (text, ground) => {
    expect(contrast(colours.get(text) ?? '', colours.get(ground) ?? '')).toBeGreaterThanOrEqual(4.5)
  })

  test.each(['accent', 'bad'])('what is written on %s can be read', (ground) => {
    expect(contrast(colours.get('on-accent') ?? '', colours.get(ground) ?? '')).toBeGreaterThanOrEqual(4.5)
  })
})

test('the computation is right', () => {
  expect(contrast('#000000', '#ffffff')).toBe(21)
  expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.48, 2)
})
