// The statechart, the messages and the shutdown in a real Chromium, before a real tree in virtual time.

import type { Locator, Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { createMachine, fromPromise } from 'xstate'
import { actor, explainStop, type Report, type Service, supervisor } from '../../src/index.js'
import { machines } from './machines.js'
import { oneBrowser, row, seek, show, showShop, skips, until } from './rig.js'
import { openShop } from './shop-stage.js'
import { StagedDaemon } from './staged-daemon.js'

oneBrowser()

const PHONE = { viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true } as const

/** Waits until an element says it. */
async function says(page: Page, where: Locator, words: string | RegExp): Promise<void> {
  const isSo = (text: string | null): boolean => (typeof words === 'string' ? text === words : words.test(text ?? ''))
  await until(page, `${words}`, async () => isSo(await where.first().textContent({ timeout: 5_000 })))
}

const active = (page: Page): Promise<string[]> =>
  page
    .locator('.chart-state.is-active')
    .evaluateAll((all) => (all as unknown as Element[]).map((each) => each.getAttribute('aria-label') ?? ''))

// What runs in the page has the types of a browser.
interface Element {
  getAttribute(name: string): string | null
  readonly scrollWidth: number
  readonly clientWidth: number
  readonly scrollHeight: number
  readonly scrollTop: number
  readonly clientHeight: number
  getBoundingClientRect(): { readonly left: number; readonly right: number; readonly top: number; readonly bottom: number }
  querySelectorAll(selector: string): Iterable<Element>
  querySelector(selector: string): Element | null
}

describe.skipIf(skips)('the statechart', () => {
  const taken = (page: Page): Locator => page.locator('.chart-label text.is-taken')

  test('of a service lights its state and the step just taken', async () => {
    const { page, daemon, hands } = await showShop()
    await row(page, 'shop/back/orders').click()
    await until(page, 'it is ready', async () => (await active(page)).includes('ready: tag ready, active'))
    expect(await taken(page).allTextContents()).toEqual([expect.stringMatching(/started$/)])
    await says(page, page.locator('.chart-words'), /^starting → ready \(started\), .* ago$/)
    hands.crash()
    await daemon.advance(300)
    await until(page, 'it has stopped', async () => (await active(page)).some((name) => name.startsWith('stopped: final')))
    await says(page, page.locator('.chart-words'), /^closing → stopped \(closed\)/)
    await row(page, 'shop/front/api').click()
    void daemon.system.stop({ reason: 'SIGTERM', deadline: 20_000 })
    await daemon.env.settle()
    await until(page, 'it is settling', async () => (await active(page)).length === 2)
    expect((await active(page)).map((name) => name.split(':')[0])).toEqual(['draining', 'settling'])
    await says(page, page.locator('.chart-words'), /^ready → settling \(stop\)/)
  })

  test('of a machine is drawn from its definition and follows it', async () => {
    const { page, daemon } = await showShop()
    await row(page, 'shop/back/checkout').click()
    await until(page, 'idle is lit', async () => (await active(page)).length === 3)
    expect(await active(page)).toEqual(['checkout: compound, active', 'open: compound, tag ready, active', 'idle, active'])
    daemon.system.ref('shop/back/checkout').handle.send({ type: 'BASKET' })
    await daemon.env.settle()
    await until(page, 'basket is lit', async () => (await active(page)).includes('basket, active'))
    expect(await taken(page).allTextContents()).toEqual([expect.stringMatching(/BASKET$/)])
    await page.getByRole('button', { name: 'Its life' }).click()
    await until(page, 'its life is drawn', async () => (await active(page)).includes('ready: tag ready, active'))
  })

  test('has room for every word in the fonts of the browser', async () => {
    const logic = createMachine(machines.consumer as never).provide({
      actors: { connect: fromPromise(() => new Promise(() => {})) },
      guards: { attemptsLeft: () => true, tooManyAttempts: () => false },
    } as never)
    const daemon = await new StagedDaemon(() => supervisor('app', { children: [actor('consumer', { logic })] })).start()
    const { page } = await show(daemon)
    await row(page, 'app/consumer').click()
    await page.locator('.chart-state').first().waitFor()
    const cramped = await page.locator('.chart-state, .chart-label').evaluateAll((all) =>
      (all as unknown as Element[]).flatMap((group) => {
        const frame = group.querySelector('.chart-frame, .chart-chip')?.getBoundingClientRect()
        return [...group.querySelectorAll('text')].flatMap((text) => {
          const word = text.getBoundingClientRect()
          const fits =
            frame !== undefined &&
            word.left >= frame.left &&
            word.right <= frame.right &&
            word.top >= frame.top - 1 &&
            word.bottom <= frame.bottom + 1
          return fits ? [] : [group.getAttribute('aria-label') ?? 'a label']
        })
      }),
    )
    expect(cramped).toEqual([])
    expect(await page.locator('.chart-divider').count()).toBe(1)
    expect(await page.locator('.chart-state.is-final .chart-inner').count()).toBe(4)
  })

  test('is walked through by keyboard, and tells all of a state', async () => {
    const { page } = await showShop()
    await row(page, 'shop/back/checkout').click()
    const idle = page.getByRole('img', { name: 'idle, active' })
    await idle.focus()
    await page.keyboard.press('ArrowDown')
    await says(page, page.locator('.chart-detail'), 'basket · PAY → paying')
    await page.keyboard.press('End')
    await says(page, page.locator('.chart-detail'), 'closed: tag stopped')
  })

  test('fades what was taken, but not for those who want no motion', async () => {
    for (const reducedMotion of ['no-preference', 'reduce'] as const) {
      const { page, daemon } = await showShop({ reducedMotion })
      await row(page, 'shop/back/checkout').click()
      await page.locator('.chart-state').first().waitFor()
      daemon.system.ref('shop/back/checkout').handle.send({ type: 'BASKET' })
      await daemon.env.settle()
      await until(page, 'basket is lit', async () => (await active(page)).includes('basket, active'))
      const moving = await page
        .locator('.chart-arrow.is-taken')
        .evaluateAll((all) => all.flatMap((each) => (each as unknown as { getAnimations(): object[] }).getAnimations()).length)
      expect(moving > 0).toBe(reducedMotion === 'no-preference')
    }
  })

  test('is zoomed and fitted', async () => {
    const { page } = await showShop()
    await row(page, 'shop/db').click()
    const width = async (): Promise<number> => (await page.locator('.chart-svg').boundingBox())?.width ?? 0
    const before = await width()
    await page.getByRole('button', { name: 'Larger' }).click()
    expect(await width()).toBeGreaterThan(before)
    await page.getByRole('button', { name: 'Fit all of it in' }).click()
    const [chart, frame] = [await page.locator('.chart-svg').boundingBox(), await page.locator('.chart-canvas').boundingBox()]
    expect(chart?.height ?? 0).toBeLessThanOrEqual(frame?.height ?? 0)
  })
})

describe.skipIf(skips)('the messages', () => {
  const texts = (page: Page): Promise<string[]> => page.locator('.sequence-list .sequence-text').allTextContents()

  test('say who asked whom', async () => {
    const { page } = await showShop()
    await page.keyboard.press('2')
    await until(page, 'all are told', async () => (await texts(page)).length === 8)
    expect(new Set(await texts(page))).toEqual(
      new Set(['start', 'started, 120 ms', 'started, 140 ms', 'started, 30 ms', 'started, 290 ms']),
    )
    expect(await page.locator('.sequence-name').allTextContents()).toEqual(['process', 'shop', 'db', 'back', 'front'])
    await says(page, page.locator('.sequence-words'), 'Every ask around shop has been answered.')
  })

  test('show what is owed, growing, until it is answered; and again when one looks back', async () => {
    const { page, daemon, hands } = await showShop()
    await row(page, 'shop/front').click()
    await page.keyboard.press('2')
    hands.order(5, 4_000)
    const stopped = daemon.stop('SIGTERM', 20_000)
    const owed = page.locator('.sequence-owed .sequence-row')
    await stopped
    await says(page, page.locator('.sequence-words'), 'Every ask around shop/front has been answered.')
    expect(await owed.count()).toBe(0)
    const asked = daemon.facts.findIndex(({ fact }) => fact.type === 'stop-requested' && fact.address === 'shop/front/api') + 1
    await seek(page, asked + 1)
    await says(page, page.locator('.sequence-words'), /^Not answered yet: api \(stop, .* s\)\.$/)
    expect(await owed.count()).toBe(1)
    expect(await owed.getAttribute('data-way')).toBe('left')
    await says(page, owed.locator('.sequence-text'), /^api, stop: \d+\.\d s of 10\.00 s$/)
    expect(await page.locator('.sequence-list .sequence-row[data-open]').count()).toBe(1)
  })

  test('grow while nothing happens', async () => {
    const { page, daemon, hands } = await showShop()
    await row(page, 'shop/front').click()
    await page.keyboard.press('2')
    hands.order(5, 60_000)
    void daemon.system.stop({ reason: 'SIGTERM', deadline: 20_000 })
    await daemon.env.settle()
    const line = page.locator('.sequence-owed .sequence-line')
    await line.waitFor()
    const width = async (): Promise<number> => (await line.boundingBox())?.width ?? 0
    await daemon.advance(500)
    const before = await width()
    await daemon.advance(3_000)
    await until(page, 'it has grown', async () => (await width()) > before)
  })

  test('stay at their end when a stop takes room from them', async () => {
    const { page, daemon } = await showShop({ viewport: { width: 1280, height: 420 } })
    await row(page, 'shop/front').click()
    await page.keyboard.press('2')
    const left = (): Promise<number> =>
      page.locator('.sequence-list').evaluate((element) => {
        const { scrollHeight, scrollTop, clientHeight } = element as unknown as Element
        return scrollHeight - scrollTop - clientHeight
      })
    await until(page, 'the end is in view', async () => (await left()) < 2)
    void daemon.system.stop({ reason: 'SIGTERM', deadline: 20_000 })
    await page.locator('.stop').waitFor()
    await until(page, 'it is again', async () => (await left()) < 2)
    await page.locator('.sequence-list').hover()
    await page.mouse.wheel(0, -400)
    await until(page, 'one has scrolled', async () => (await left()) > 100)
    await daemon.advance(100)
    await page.evaluate('new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))')
    expect(await left()).toBeGreaterThan(100)
  })

  test('lead to the service that they are about, by mouse and by keyboard', async () => {
    const { page } = await showShop()
    await page.keyboard.press('2')
    await page.locator('.sequence-row', { hasText: '140 ms' }).click()
    expect(await row(page, 'shop/back').getAttribute('aria-selected')).toBe('true')
    await page.getByRole('listbox', { name: 'Messages' }).focus()
    await page.keyboard.press('Home')
    await page.keyboard.press('ArrowDown')
    const activeRow = page.locator('.sequence-row[aria-selected="true"]')
    await until(page, 'the second is active', async () => (await activeRow.getAttribute('data-index')) === '1')
    expect(await activeRow.getAttribute('aria-label')).toMatch(/^\d\d:\d\d:\d\d\.\d{3} start, from back to payments$/)
    await page.keyboard.press('Enter')
    await until(page, 'payments is selected', async () => (await row(page, 'shop/back/payments').getAttribute('aria-selected')) === 'true')
  })

  test('of a long history are folded, and only those in view are in the document', async () => {
    const { page } = await showShop({ sessions: 300 })
    await row(page, 'shop/front/sessions').click()
    await page.keyboard.press('2')
    const list = page.getByRole('listbox', { name: 'Messages' })
    await list.press('Home')
    await page.locator('.sequence-row[data-way="fold"]').click()
    await until(page, 'it is unfolded', async () => (await page.locator('.sequence-row[data-way="fold"]').count()) === 0)
    await list.press('End')
    expect(await page.locator('.sequence-row').count()).toBeLessThan(80)
    await says(page, page.locator('.sequence-head').last(), /^\d+ more/)
  })
})

/** Lets time pass until a stop is over, and tells the last state. */
async function over(daemon: Pick<StagedDaemon<Service>, 'advance' | 'tell' | 'state'>, stopping: Promise<Report>): Promise<Report> {
  let isOver = false
  void stopping.then(() => {
    isOver = true
  })
  await daemon.advance(60_000, () => isOver)
  daemon.tell(daemon.state())
  return await stopping
}

describe.skipIf(skips)('the shutdown', () => {
  const words = (page: Page): Locator => page.locator('.timeline-words')

  test('is told of before there is one', async () => {
    const { page } = await showShop()
    await page.keyboard.press('3')
    await says(page, words(page), 'Nobody has asked it to stop. A stop would have 30.00 s.')
  })

  test('grows while it goes on, says who is waited for, and ends as the report has it', async () => {
    const { page, daemon, hands } = await showShop()
    await page.keyboard.press('3')
    hands.order(5, 4_000)
    const stopping = daemon.system.stop({ reason: 'SIGTERM', deadline: 20_000 })
    await daemon.advance(1_000)
    await says(page, words(page), /^Stopping takes .* of 20\.00 s so far: shop\/front\/api is waiting for \d+ in flight\.$/)
    const api = page.locator('.timeline-row', { has: page.getByRole('button', { name: /^shop\/front\/api/ }) })
    expect(await api.locator('.timeline-said').textContent()).toMatch(/so far, waits for \d+ (of 46|in flight)$/)
    expect(await api.getAttribute('data-path')).toBe('')
    const step = page.locator('.timeline-step').first()
    await says(page, step, /^api \d/)
    expect(await step.getAttribute('data-open')).toBe('')
    const told = (await step.getAttribute('aria-label')) ?? ''
    await daemon.advance(1_000)
    await until(page, 'it has grown', async () => (await step.getAttribute('aria-label')) !== told)
    const report = await over(daemon, stopping)
    const sentence = explainStop(report).replaceAll('`', '')
    await says(page, words(page), `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}.`)
    const onPath = new Set(report.criticalPath.flatMap(({ address, why }) => (why === 'settling' || why === 'closing' ? [address] : [])))
    const marked = page.locator('.timeline-row[data-path] .timeline-name')
    expect(
      new Set(await marked.evaluateAll((all) => (all as unknown as Element[]).map((each) => each.getAttribute('data-address')))),
    ).toEqual(onPath)
    await page.getByRole('button', { name: /^shop\/db: / }).click()
    expect(await row(page, 'shop/db').getAttribute('aria-selected')).toBe('true')
  })

  test.each([{}, PHONE])('is drawn to one scale: its axis, its path and its rows, also where steps are short', async (device) => {
    const { daemon } = await openShop()
    const { page } = await show(daemon, device)
    await page.keyboard.press('3')
    const stopping = daemon.system.stop({ reason: 'SIGTERM', deadline: 20_000 })
    await over(daemon, stopping)
    await says(page, words(page), /^Stopping took /)
    const sides = (selector: string): Promise<{ left: number; right: number }[]> =>
      page.locator(selector).evaluateAll((all) =>
        (all as unknown as Element[]).map((each) => {
          const { left, right } = each.getBoundingClientRect()
          return { left: Math.round(left), right: Math.round(right) }
        }),
      )
    const [lanes = { left: 0, right: 0 }] = await sides('.timeline-lanes')
    expect([await sides('.timeline-axis'), await sides('.timeline-path')]).toEqual([[lanes], [lanes]])
    for (const { right } of await sides('.timeline-step')) expect(right).toBeLessThanOrEqual(lanes.right + 2)
  })

  test('marks what was cut off, and shows the budget when it matters', async () => {
    const { page, daemon, hands } = await showShop()
    await page.keyboard.press('3')
    hands.order(5, 60_000)
    await daemon.advance(2_000)
    const stopping = daemon.system.stop({ reason: 'SIGTERM', deadline: 12_000 })
    await daemon.advance(5_500)
    // The clock of the page goes on by itself; that of the stage is told.
    daemon.tell({ type: 'gauges', at: daemon.env.now, changed: {} })
    await page.locator('.timeline-budget', { hasText: 'budget 12.00 s' }).waitFor()
    await over(daemon, stopping)
    const api = page.locator('.timeline-row', { has: page.getByRole('button', { name: /^shop\/front\/api/ }) })
    await says(page, api.locator('.timeline-said'), /, \d+ of \d+ cut off$/)
    expect(await api.locator('.timeline-cut').isVisible()).toBe(true)
  })
})

test.skipIf(skips)('on a phone nothing is wider than the screen', async () => {
  const { daemon, hands } = await openShop()
  const { page } = await show(daemon, PHONE)
  hands.order(5, 4_000)
  void daemon.system.stop({ reason: 'SIGTERM', deadline: 20_000 })
  await daemon.advance(1_000)
  for (const [tab, view] of [
    ['Service', '.detail'],
    ['Messages', '.sequence'],
    ['Shutdown', '.timeline'],
  ] as const) {
    await page.getByRole('tab', { name: tab }).click()
    await page.locator(view).waitFor()
    const widths = await page.locator(view).evaluate((element) => {
      const { scrollWidth, clientWidth } = element as unknown as Element
      return { scrollWidth, clientWidth }
    })
    expect(widths.scrollWidth, view).toBeLessThanOrEqual(widths.clientWidth)
  }
})
