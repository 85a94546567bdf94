// By keyboard alone, on a phone, in both schemes, without the network; and what may be asked of a daemon, when it may.
import { describe, expect, test } from 'vitest'
import { type Service, service, supervisor } from '../../src/index.js'
import { oneBrowser, row, show, showShop, skips, until } from './rig.js'
import { StagedDaemon } from './staged-daemon.js'

oneBrowser()

const PHONE = { viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true } as const

describe.skipIf(skips)('by keyboard alone', () => {
  test('the tree is walked, folded, and a service selected', async () => {
    const { page } = await showShop()
    const active = (): Promise<string | null> => page.locator('.tree-box').getAttribute('aria-activedescendant')
    await page.keyboard.press('t')
    expect(await page.locator('.tree-box').evaluate((box) => box === box.ownerDocument.activeElement)).toBe(true)
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowDown')
    expect(await active()).toBe('row-node-shop/back')
    expect(await row(page, 'shop/back').getAttribute('aria-expanded')).toBe('true')
    await page.keyboard.press('ArrowLeft')
    expect(await row(page, 'shop/back').getAttribute('aria-expanded')).toBe('false')
    expect(await row(page, 'shop/back/orders').count()).toBe(0)
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('ArrowRight')
    expect(await active()).toBe('row-node-shop/back/payments')
    await page.keyboard.press('ArrowLeft')
    expect(await active()).toBe('row-node-shop/back')
    await page.keyboard.press('End')
    expect(await active()).toBe('row-node-shop/front/api')
    await page.keyboard.press('Enter')
    await until(page, 'it is selected', async () => (await page.locator('.path').textContent()) === 'shop/front/api')
    await page.keyboard.press('Home')
    expect(await active()).toBe('row-node-shop')
  })

  test('a service is found and opened without touching anything else', async () => {
    const { page } = await showShop()
    await page.keyboard.press('/')
    await page.keyboard.type('billing')
    await page.keyboard.press('Enter')
    await until(page, 'it is selected', async () => (await page.locator('.path').textContent()) === 'shop/back/billing')
  })

  test('everything can be reached by Tab, and shows that it was', async () => {
    const { page } = await showShop({ controls: true })
    const seen = new Set<string>()
    for (let index = 0; index < 60; index += 1) {
      await page.keyboard.press('Tab')
      const name = await page.evaluate<string>(NAME_OF_FOCUSED)
      if (name === '') break
      expect(await page.evaluate(HAS_OUTLINE), `${name} shows no focus`).toBe(true)
      seen.add(name)
    }
    const wanted = [
      'Save the recording',
      'Open a recording',
      'Dark colours',
      'Keys (?)',
      'Service',
      'Search services',
      'The tree of services',
    ]
    for (const each of [...wanted, 'Drain', 'Pause (p)', 'Moment of the recording', 'Live']) expect([...seen]).toContain(each)
  })

  test('help, views, pause and steps', async () => {
    const { page } = await showShop()
    await page.keyboard.press('?')
    expect(await page.getByRole('dialog', { name: 'Keys' }).isVisible()).toBe(true)
    await page.keyboard.press('Escape')
    expect(await page.getByRole('dialog').count()).toBe(0)
    for (const [key, name] of [
      ['2', 'Messages'],
      ['3', 'Shutdown'],
      ['4', 'Facts'],
      ['1', 'Service'],
    ] as const) {
      await page.keyboard.press(key)
      expect(await page.getByRole('tab', { name }).getAttribute('aria-selected')).toBe('true')
    }
    await page.getByRole('tab', { name: 'Service' }).focus()
    await page.keyboard.press('ArrowRight')
    expect(await page.getByRole('tab', { name: 'Messages' }).getAttribute('aria-selected')).toBe('true')
    await page.keyboard.press(',')
    await until(page, 'it is paused', async () => (await page.locator('.live').getAttribute('aria-pressed')) === 'false')
    await page.keyboard.press('l')
    await until(page, 'it is live', async () => (await page.locator('.live').getAttribute('aria-pressed')) === 'true')
  })
})

// Text, since they have the types of a browser.
const NAME_OF_FOCUSED =
  "document.activeElement === document.body ? '' : (document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent.trim())"
// Its own outline, that of its box, the active row's; or, of what is drawn, the line around it.
const HAS_OUTLINE = `(() => {
  const focused = document.activeElement
  const outlined = [focused, focused.parentElement, document.querySelector('.row.is-active'), document.querySelector('[aria-selected="true"]')]
  const isOutlined = (each) => each !== null && parseFloat(getComputedStyle(each).outlineWidth) >= 2 && getComputedStyle(each).outlineStyle !== 'none'
  const frame = focused.querySelector(':scope > .chart-frame')
  return outlined.some(isOutlined) || (frame !== null && parseFloat(getComputedStyle(frame).strokeWidth) >= 2)
})()`

const BEYOND_THE_SCREEN = `[...document.querySelectorAll('button, .flight-text, .address, .mark, .daemon-name, .pill')]
  .filter((each) => each.checkVisibility() && each.getBoundingClientRect().right > 390)
  .map((each) => each.className + ' ' + each.textContent)`

describe.skipIf(skips)('on a phone', () => {
  test('long names, deep trees and large numbers stay on the screen', async () => {
    const long = 'aServiceWithANameOfNoLessThanFiftyCharactersInOneSingleWord'
    const busy = service(long, {
      start: (ctx) => {
        const gate = ctx.gate({ capacity: 100_000 })
        for (let count = 0; count < 12_345; count += 1) gate.tryEnter()
      },
    })
    const deep = [1, 2, 3, 4, 5, 6].reduce<Service>((below, level) => supervisor(`level${level}`, { children: [below] }), busy)
    const daemon = new StagedDaemon(() =>
      supervisor('a-daemon-with-quite-a-long-name', { children: [deep], intensity: { max: 9, within: '1h' } }),
    )
    await daemon.start()
    const { page } = await show(daemon, PHONE)
    const flight = page.locator('.row', { hasText: long }).locator('.flight-text')
    await flight.waitFor()
    expect(await flight.textContent()).toBe('12k/100k')
    void daemon.system.stop({ reason: 'SIGTERM', deadline: 20_000 })
    await daemon.advance(1_000)
    await page.locator('.stop-waits .address').first().waitFor()
    for (const name of ['Tree', 'Service', 'Messages', 'Shutdown', 'Facts']) {
      await page.getByRole('tab', { name }).click()
      expect(await page.evaluate(BEYOND_THE_SCREEN), name).toEqual([])
    }
  })

  test.each(['Tree', 'Service', 'Messages', 'Shutdown', 'Facts'])('%s has room enough', async (name) => {
    const { page, daemon } = await showShop({ ...PHONE, controls: true })
    void daemon.system.stop({ reason: 'SIGTERM', deadline: 20_000 })
    await daemon.advance(500)
    await page.getByRole('tab', { name }).click()
    await page.locator('.stop').waitFor()
    expect(await page.evaluate('[document.documentElement.scrollWidth, document.body.scrollWidth]')).toEqual([390, 390])
    for (const button of await page.locator('.bar button:visible, .transport button:visible, .tab:visible').all()) {
      const box = await button.boundingBox()
      expect(box === null || (box.x >= 0 && box.x + box.width <= 390), (await button.textContent()) ?? '').toBe(true)
    }
  })

  test('what is selected in the tree comes to the front', async () => {
    const { page } = await showShop(PHONE)
    await page.getByRole('tab', { name: 'Tree' }).click()
    await row(page, 'shop/back/orders').click()
    await until(page, 'it is in front', async () => (await page.locator('.path').textContent()) === 'shop/back/orders')
    expect(await page.getByRole('tab', { name: 'Service' }).getAttribute('aria-selected')).toBe('true')
    expect(await page.locator('.tree').isVisible()).toBe(false)
  })
})

describe.skipIf(skips)('colours', () => {
  test.each(['light', 'dark'] as const)('are %s as the system has it, until somebody chooses; the choice is kept', async (colorScheme) => {
    const { page } = await showShop({ colorScheme })
    const ground = (): Promise<unknown> => page.evaluate('getComputedStyle(document.body).backgroundColor')
    const [light, dark] = ['rgb(244, 245, 247)', 'rgb(14, 17, 22)']
    expect(await ground()).toBe(colorScheme === 'light' ? light : dark)
    await page.getByRole('button', { name: colorScheme === 'light' ? 'Dark colours' : 'Light colours' }).click()
    expect(await ground()).toBe(colorScheme === 'light' ? dark : light)
    await page.reload()
    expect(await ground()).toBe(colorScheme === 'light' ? dark : light)
  })

  test('nothing moves for those who do not want it', async () => {
    const { page } = await showShop({ reducedMotion: 'reduce' })
    expect(await page.evaluate('document.getAnimations().length')).toBe(0)
  })
})

describe.skipIf(skips)('controls', () => {
  test('are not there when the daemon only lets itself be looked at', async () => {
    const { page } = await showShop()
    await row(page, 'shop/back/orders').click()
    expect(await page.locator('.controls').isVisible()).toBe(false)
  })

  test('say what they will do, do it when somebody says yes, and say what came of it', async () => {
    const { page, server } = await showShop({ controls: true })
    const asked: string[] = []
    server.control = (verb, address) => {
      asked.push(`${verb} ${address}`)
      return { status: 200, body: { outcome: `${address} is ready again` } }
    }
    await row(page, 'shop/back/orders').click()
    await page.getByRole('button', { name: 'Restart' }).click()
    const dialog = page.getByRole('dialog')
    expect(await dialog.locator('p').textContent()).toBe(
      'shop/back/orders stops in order, after its accepted work is finished, and is started again. Who uses it may be restarted with it.',
    )
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    expect(asked).toEqual([])
    await page.getByRole('button', { name: 'Restart' }).click()
    await dialog.getByRole('button', { name: 'Restart' }).click()
    await until(
      page,
      'the outcome is shown',
      async () => (await page.locator('.outcome').textContent()) === 'shop/back/orders is ready again',
    )
    expect(asked).toEqual(['restart shop/back/orders'])
  })

  test('a refusal is shown in the words of the daemon', async () => {
    const { page, server } = await showShop({ controls: true })
    server.control = () => ({ status: 409, body: { error: 'nothing of shop/back/orders runs' } })
    await row(page, 'shop/back/orders').click()
    await page.getByRole('button', { name: 'Kill' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Kill' }).click()
    await until(page, 'it is shown', async () => (await page.locator('.outcome').textContent()) === 'nothing of shop/back/orders runs')
  })

  test('to kill a supervisor its name has to be typed; Enter does it then', async () => {
    const { page, server } = await showShop({ controls: true })
    let killed = ''
    server.control = (verb, address) => {
      killed = `${verb} ${address}`
      return { status: 200, body: { outcome: 'ended' } }
    }
    await row(page, 'shop/back').click()
    await page.getByRole('button', { name: 'Kill' }).click()
    const dialog = page.getByRole('dialog')
    expect(await dialog.getByRole('button', { name: 'Kill' }).isDisabled()).toBe(true)
    await page.keyboard.type('bac')
    await page.keyboard.press('Enter')
    expect([await dialog.isVisible(), killed]).toEqual([true, ''])
    await page.keyboard.type('k')
    await page.keyboard.press('Enter')
    await until(page, 'it is done', async () => (await page.locator('.outcome').textContent()) === 'ended')
    expect(killed).toBe('kill shop/back')
  })

  test('fit the service: only a leader steps down, the root is neither killed nor restarted', async () => {
    const { page } = await showShop({ controls: true })
    const buttons = (): Promise<string[]> => page.locator('.control-buttons button:visible').allTextContents()
    await row(page, 'shop').click()
    await until(page, 'only one is there', async () => (await buttons()).join() === 'Drain')
    await row(page, 'shop/back/billing').click()
    await until(page, 'all four are there', async () => (await buttons()).join() === 'Restart,Drain,Step down,Kill')
    // A leader restarts nobody, so it is not said how often it may.
    expect(await page.locator('.figures dt').allTextContents()).not.toContain('Restarts')
    await page.keyboard.press('p')
    await until(page, 'the past cannot be changed', async () => (await buttons()).length === 0)
  })
})
