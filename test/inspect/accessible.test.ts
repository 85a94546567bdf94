// Whoever cannot see the page, or not well, or has no mouse: axe looks at every view in a real Chromium, light and dark, on a desk and on
// a phone; everything is reached and done by keyboard, what has the focus shows it, and nothing moves for those who ask for that.
import type { AxeResults } from 'axe-core'
import axe from 'axe-core'
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { oneBrowser, row, show, showShop, skips, until } from './rig.js'
import { openShop } from './shop-stage.js'

oneBrowser()

const SCHEMES = ['light', 'dark'] as const
const WIDTHS = {
  desk: { viewport: { width: 1280, height: 800 } },
  phone: { viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true },
}
const EACH = SCHEMES.flatMap((colorScheme) =>
  Object.entries(WIDTHS).map(([name, options]) => [colorScheme, name, { colorScheme, ...options }] as const),
)

/** What is serious or worse, with the elements that it is about. */
async function serious(page: Page): Promise<string[]> {
  if (!(await page.evaluate(`'axe' in globalThis`))) await page.evaluate(axe.source)
  const { violations } = (await page.evaluate('axe.run()')) as AxeResults
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.map(({ html, any, all }) => `${id}: ${html.slice(0, 160)} ${[...any, ...all].map(({ message }) => message).join('; ')}`),
    )
}

describe.skipIf(skips)('axe finds nothing serious', () => {
  test.each(EACH)('%s, %s', async (_scheme, width, options) => {
    const { page, daemon, hands, server } = await showShop({ ...options, controls: true })
    const tab = (name: string): Promise<void> => page.getByRole('tab', { name }).click()
    const found: Record<string, string[]> = {}
    const look = async (name: string): Promise<void> => {
      const violations = await serious(page)
      if (violations.length > 0) found[name] = violations
    }
    await look('tree')
    await row(page, 'shop/back/orders').click()
    await look('a service with lives')
    if (width === 'phone') await tab('Tree')
    await row(page, 'shop/back/checkout').click()
    await page.locator('.chart-state').first().waitFor()
    await look('a service with a machine')
    await tab('Messages')
    await look('messages')
    await tab('Shutdown')
    await look('no shutdown')
    await tab('Facts')
    await look('facts')
    await page.keyboard.press('p')
    await page.keyboard.press(',')
    await look('a moment of the past')
    await page.keyboard.press('l')
    await page.keyboard.press('?')
    await look('the keys')
    await page.keyboard.press('Escape')
    await page.keyboard.press('/')
    await page.keyboard.type('back')
    await look('a search')
    await page.keyboard.press('Escape')
    await tab('Service')
    await page.getByRole('button', { name: 'Kill' }).click()
    await look('a question')
    await page.keyboard.press('Escape')
    hands.order(17, 2_600)
    void daemon.system.stop({ reason: 'SIGTERM', deadline: 12_000 })
    await daemon.advance(1_500)
    await tab('Shutdown')
    await look('a shutdown')
    await tab('Messages')
    await look('messages of a shutdown')
    server.refusal = { status: 403, body: { error: 'the token is wrong' } }
    server.breakLines()
    await page.getByText('the token is wrong').first().waitFor()
    await look('a daemon that refuses')
    expect(found).toEqual({})
  })

  test.each(EACH)('%s, %s, before there is anything', async (_scheme, _width, options) => {
    const { daemon } = await openShop()
    const { page, server } = await show(daemon, { ...options, url: ({ origin }) => `${origin}/inspect` })
    expect(await serious(page)).toEqual([])
    server.refusal = { status: 403, body: { error: 'the token is missing' } }
    await page.reload()
    await page.getByText('the token is missing').first().waitFor()
    expect(await serious(page)).toEqual([])
  })
})

describe.skipIf(skips)('what moves', () => {
  // Who starts turns, and a step just taken glows.
  test.each([
    ['no-preference', true],
    ['reduce', false],
  ] as const)('with %s: %s', async (reducedMotion, moves) => {
    const { page, daemon, hands } = await showShop({ reducedMotion })
    hands.crash()
    await daemon.advance(60_000, () => JSON.stringify(daemon.system.tree()).includes('"state":"starting"'), 20)
    await row(page, 'shop/back/orders').click()
    await until(
      page,
      'it starts',
      async () => (await page.locator('.chart-state.is-active').first().getAttribute('aria-label'))?.startsWith('starting') === true,
    )
    expect(await page.evaluate('document.getAnimations().length > 0')).toBe(moves)
  })
})
