// Through time: pause, every recorded moment, recordings as files, breaks of the line, coming late.
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { Recording } from '../../src/observe/picture/recording.js'
import { drop, oneBrowser, row, seek, show, shownIn, showShop, skips, until } from './rig.js'
import { PAGE_FILE } from './scripted-server.js'
import { openShop } from './shop-stage.js'
import { linesOf } from './staged-daemon.js'

oneBrowser()

describe.skipIf(skips)('time', () => {
  test('stands still while paused, and catches up', async () => {
    const { page, daemon, hands } = await showShop()
    await page.keyboard.press('p')
    hands.crash()
    await daemon.advance(500)
    await until(page, 'news are counted', async () =>
      /[1-9]\d* facts follow/.test((await page.locator('.transport-note').textContent()) ?? ''),
    )
    expect(await row(page, 'shop/back/orders').locator('.cell-word').textContent()).toBe('ready')
    await page.keyboard.press('l')
    await until(
      page,
      'it is shown',
      async () => (await row(page, 'shop/back/orders').locator('.cell-word').textContent()) === 'backing off',
    )
  })

  test('goes back to every recorded moment', async () => {
    const { page, daemon } = await showShop({ sessions: 2 })
    const recording = new Recording()
    for (const frame of daemon.frames) recording.take(frame)
    for (const position of [0, 1, 7, 20, daemon.facts.length - 3]) {
      await seek(page, position)
      const { nodes } = recording.at(position)
      const shown = await shownIn(page)
      expect(Object.keys(shown).sort()).toEqual([...nodes.keys()].sort())
      for (const [address, node] of nodes) {
        if (node.state === 'starting' || node.state === 'ready' || node.state === 'closing')
          expect([address, shown[address]]).toEqual([address, node.state])
      }
    }
    await page.keyboard.press('.')
    await until(page, 'one fact on', async () =>
      ((await page.locator('.slider').getAttribute('aria-valuetext')) ?? '').includes(`fact ${daemon.facts.length - 2} of`),
    )
  })

  test('is played to its end', async () => {
    const { page } = await showShop()
    await seek(page, 50)
    await page.locator('.transport select').selectOption('16')
    await page.keyboard.press('p')
    await until(page, 'it is at its end', async () => (await page.locator('.live').getAttribute('aria-pressed')) === 'true')
  })

  test('a fact in the list leads to its moment', async () => {
    const { page } = await showShop()
    await page.keyboard.press('4')
    await page.getByLabel('only problems').check()
    const crash = page.locator('.fact-row', { hasText: 'crashed: the ledger is not writable' }).first()
    await crash.locator('.time').click()
    await until(page, 'it is paused', async () => (await page.locator('.live').getAttribute('aria-pressed')) === 'false')
    await page.locator('.fact-row', { hasText: 'crashed' }).first().locator('.address').click()
    await page.keyboard.press('1')
    await until(page, 'it is shown', async () => (await page.locator('.path').textContent()) === 'shop/back/orders')
  })
})

describe.skipIf(skips)('the line', () => {
  test('comes back after a break, and nothing is missing', async () => {
    const { page, daemon, hands, server } = await showShop()
    const before = daemon.facts.length
    server.breakLines()
    hands.crash()
    await daemon.advance(5_000)
    await until(
      page,
      'all facts are there',
      async () => (await page.locator('.transport-note').textContent()) === `${daemon.facts.length} facts`,
    )
    expect(daemon.facts.length).toBeGreaterThan(before)
    expect(server.requests.filter((each) => each === 'GET /inspect/events').length).toBe(2)
    expect(await row(page, 'shop/back/orders').locator('.mark').allTextContents()).toEqual(['#4'])
    await seek(page, before + 2)
    expect((await shownIn(page))['shop/back/orders']).not.toBe('ready')
  })

  test('says what was lost', async () => {
    const { page, daemon, hands, server } = await showShop()
    server.refusal = { status: 503, body: { error: 'busy' } }
    server.breakLines()
    hands.crash()
    await daemon.advance(5_000)
    server.firstSeq = daemon.facts.length - 1
    server.refusal = undefined
    await until(page, 'it is said', async () => /earlier facts are gone/.test((await page.locator('.transport-note').textContent()) ?? ''))
    expect(await row(page, 'shop/back/orders').locator('.mark').allTextContents()).toEqual(['#4'])
  })

  test('that is refused says why, and is tried again', async () => {
    const { daemon } = await openShop()
    const { page, server } = await show(daemon)
    await row(page, 'shop').waitFor()
    server.refusal = { status: 403, body: { error: 'the token is wrong' } }
    server.breakLines()
    await until(page, 'it is said', async () => (await page.locator('.line').textContent()) === 'the token is wrong')
    server.refusal = undefined
    await page.locator('.line').click()
    await until(page, 'it is back', async () => (await page.locator('.line').textContent()) === 'connected')
  })

  test('to another run of the daemon is another recording; the one before can still be looked at', async () => {
    const first = await openShop()
    const { page, server } = await show(first.daemon)
    await row(page, 'shop').waitFor()
    const second = await openShop({ sessions: 1 })
    const renamed = second.daemon.frames.map((frame) =>
      frame.type === 'state' ? { ...frame, daemon: { ...frame.daemon, run: 'another', pid: 4712 } } : frame,
    )
    server.pushAll(renamed)
    await until(page, 'it is shown', async () => ((await page.locator('.daemon-facts').textContent()) ?? '').includes('pid 4712'))
    expect(await row(page, 'shop/front/sessions/session@7').count()).toBe(0)
    await page.locator('.runs').selectOption('0')
    await until(page, 'the first is shown', async () => ((await page.locator('.daemon-facts').textContent()) ?? '').includes('pid 4711'))
    await row(page, 'shop/front/sessions/session@7').waitFor()
  })

  test('to a daemon that has ended is tried on: one that is started anew is shown by itself', async () => {
    const { daemon } = await openShop()
    const { page, server } = await show(daemon)
    await row(page, 'shop').waitFor()
    await daemon.stop('SIGTERM', 30_000)
    const line = async (): Promise<string | null> => await page.locator('.line').textContent()
    await until(page, 'it has ended', async () => {
      server.breakLines()
      return (await line()) === 'the daemon has ended'
    })
    await until(page, 'it is tried again', async () => server.lines === 1)
    // Who answers still is the one that has ended.
    await page.evaluate('new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))')
    expect(await line()).toBe('the daemon has ended')
    const [state] = (await openShop()).daemon.frames
    if (state?.type === 'state') server.push({ ...state, daemon: { ...state.daemon, run: 'another', pid: 4712 } })
    await until(page, 'it is connected', async () => (await line()) === 'connected')
    await until(page, 'it is shown', async () => ((await page.locator('.daemon-facts').textContent()) ?? '').includes('pid 4712'))
  })

  test('to another run that went alike: what is told of one is not shown of the other, though its facts have the same numbers', async () => {
    const { page, server } = await show((await openShop()).daemon)
    await row(page, 'shop/back/orders').click()
    const later = (await openShop()).daemon.frames.map((frame) =>
      frame.type === 'state' ? { ...frame, wallAt: frame.wallAt + 3_600_000, daemon: { ...frame.daemon, run: 'another' } } : frame,
    )
    const views = [
      ['service', '.fact-list time'],
      ['service', '.life-time'],
      ['messages', '.sequence-list .sequence-time'],
      ['facts', '.fact-row .time'],
    ] as const
    const showsHour = async (hour: string): Promise<void> => {
      for (const [view, times] of views) {
        await page.locator(`[role="tab"][aria-controls="pane-${view}"]`).click()
        const hours = async (): Promise<string[]> => (await page.locator(times).allTextContents()).map((time) => time.slice(0, 2))
        await until(page, `all is of ${hour} o'clock in ${times}`, async () => [...new Set(await hours())].join() === hour)
      }
    }
    await showsHour('09')
    server.pushAll(later)
    await page.locator('.runs').waitFor()
    await showsHour('10')
    await page.locator('.runs').selectOption('0')
    await showsHour('09')
  })
})

describe.skipIf(skips)('who comes late', () => {
  test('sees how it is, and how it was as far back as facts are known', async () => {
    const { daemon } = await openShop()
    const from = daemon.facts.findIndex(({ fact }) => fact.type === 'crashed')
    const { page, server } = await show({
      state: () => daemon.state(),
      on: (listener) => daemon.on(listener),
      frames: daemon.frames.slice(daemon.frames.indexOf(daemon.facts[from] as never)),
    })
    await row(page, 'shop').waitFor()
    expect(await row(page, 'shop/back/orders').locator('.mark').allTextContents()).toEqual(['#3'])
    await seek(page, 0)
    expect(await row(page, 'shop/back/orders').locator('.mark').allTextContents()).toEqual([])
    expect((await shownIn(page))['shop/back/orders']).toBe('ready')
    expect(server.lines).toBe(1)
  })

  test('in the middle of a stop sees since when it goes on', async () => {
    const { daemon, hands } = await openShop()
    hands.order(3, 6_000)
    void daemon.system.stop({ reason: 'SIGTERM', deadline: 20_000 })
    await daemon.advance(2_000)
    const { page } = await show({ state: () => daemon.state(), on: (listener) => daemon.on(listener), frames: daemon.frames })
    await page.locator('.stop').waitFor()
    expect(await page.locator('.stop-left').textContent()).toMatch(/left of 20\.00 s · asked by SIGTERM/)
  })
})

describe.skipIf(skips)('a recording', () => {
  test('that is saved and opened shows the same, without a daemon', async () => {
    const { page, daemon } = await showShop()
    await daemon.stop('SIGTERM', 30_000)
    await until(page, 'it is over', async () => (await page.locator('.daemon .pill').textContent()) === 'stopped')
    const downloading = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Save the recording' }).click()
    const download = await downloading
    expect(download.suggestedFilename()).toMatch(/^shop-4711-[\d-]+\.jsonl$/)
    const text = readFileSync(await download.path(), 'utf8')
    const moment = 40
    await seek(page, moment)
    const [shown, title] = [await shownIn(page), await page.locator('.stop-title').textContent()]
    const alone = await page.context().newPage()
    await alone.goto(`file://${PAGE_FILE}`)
    await alone.locator('.welcome').getByRole('heading', { name: 'Look at a recording' }).waitFor()
    const choosing = alone.waitForEvent('filechooser')
    await alone.locator('.welcome').getByRole('button', { name: 'Open a recording' }).click()
    await (await choosing).setFiles({ name: 'shop.jsonl', mimeType: 'application/x-ndjson', buffer: Buffer.from(text) })
    await row(alone, 'shop').waitFor()
    expect(await alone.locator('.line').textContent()).toBe('shop.jsonl')
    expect(await alone.locator('.transport-note').textContent()).toBe(`${daemon.facts.length} facts`)
    await seek(alone, moment)
    expect(await shownIn(alone)).toEqual(shown)
    expect(await alone.locator('.stop-title').textContent()).toBe(title)
  })

  test('is opened by dropping it; lines that are cut short are left out, and it is said', async () => {
    const { daemon } = await openShop()
    const { page } = await show(daemon, { url: () => `file://${PAGE_FILE}` })
    const text = `${linesOf(daemon.frames)}{"type":"fact","seq":99`
    await drop(page, text)
    await row(page, 'shop').waitFor()
    expect(await page.locator('.notice').textContent()).toBe('cut.jsonl: 1 line of it is no frame and was left out.')
  })

  test('what is none is refused in words', async () => {
    const { daemon } = await openShop()
    const { page } = await show(daemon, { url: () => `file://${PAGE_FILE}` })
    const choosing = page.waitForEvent('filechooser')
    await page.locator('.welcome').getByRole('button', { name: 'Open a recording' }).click()
    await (await choosing).setFiles({ name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('milk\nbread\n') })
    await until(page, 'it is said', async () => /there is no recording in it/.test((await page.locator('.notice').textContent()) ?? ''))
  })
})
