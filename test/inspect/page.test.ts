// The inspector's page in a real Chromium, before a real tree in virtual time: what it shows is what the system says of itself.
import { describe, expect, test } from 'vitest'
import { formatMs } from '../../src/base/duration.js'
import { oneBrowser, row, showShop, skips, until } from './rig.js'

oneBrowser()

describe.skipIf(skips)('the tree', () => {
  test('shows every service as it is', async () => {
    const { page } = await showShop()
    expect(await page.locator('.daemon-name').textContent()).toBe('shop')
    expect(await page.locator('.daemon .pill').textContent()).toBe('ready')
    expect(await page.locator('.daemon-facts').textContent()).toMatch(/^v2\.8\.1 · pid 4711 · shop-7d9f4 · Node 24\.4\.0 · up \d+ s$/)
    expect(await row(page, 'shop/front/api').locator('.cell-word').textContent()).toBe('ready')
    expect(await row(page, 'shop/front/api').locator('.flight-text').textContent()).toBe('41/64')
    expect(await row(page, 'shop/back').locator('.mark').allTextContents()).toEqual(['restarts 2/5'])
    expect(await row(page, 'shop/back/orders').locator('.mark').allTextContents()).toEqual(['#3'])
    expect(await row(page, 'shop/back/billing').locator('.mark').allTextContents()).toEqual(['leads, term 1'])
    expect(await row(page, 'shop/front/api').locator('.mark').allTextContents()).toEqual(['edge'])
    expect(await page.title()).toBe('shop: ready')
  })

  test('follows what happens: a crash, the wait, the next life', async () => {
    const { page, daemon, hands } = await showShop()
    const word = row(page, 'shop/back/orders').locator('.cell-word')
    hands.crash()
    await daemon.advance(300)
    await until(page, 'it is waited for', async () => (await word.textContent()) === 'backing off')
    await daemon.advance(9_000)
    await until(page, 'it is ready again', async () => (await word.textContent()) === 'ready')
    expect(await row(page, 'shop/back/orders').locator('.mark').allTextContents()).toEqual(['#4'])
  })

  test('children come and go, and are folded away when they are many', async () => {
    const { page, daemon } = await showShop({ sessions: 3 })
    const sessions = daemon.system.ref('shop/front/sessions')
    const stopping = sessions.terminateChild('session@2')
    await daemon.advance(200)
    await stopping
    await row(page, 'shop/front/sessions/session@2').waitFor({ state: 'detached' })
    for (let index = 0; index < 150; index += 1) void sessions.handle.start(`late ${index}`)
    await daemon.advance(250)
    await row(page, 'shop/front/sessions/session@4').waitFor({ state: 'detached' })
    expect(await row(page, 'shop/front/sessions').locator('.mark').allTextContents()).toEqual(['152 below', 'dynamic'])
    await row(page, 'shop/front/sessions').locator('.twisty').click()
    await row(page, 'shop/front/sessions').click()
    await page.locator('.tree-box').press('End')
    const more = page.locator('.row[data-kind="more"]')
    await page.locator('.tree-box').press('ArrowUp')
    expect(await more.locator('.row-id').textContent()).toBe('52 more: show the next')
    await more.click()
    await more.waitFor({ state: 'detached' })
  })

  test('of a daemon that has ended is the last that was told: it is not live, and nothing can be asked of it', async () => {
    const { page, daemon, server } = await showShop({ controls: true })
    await row(page, 'shop/back/orders').click()
    const restart = page.getByRole('button', { name: 'Restart' })
    await restart.waitFor()
    expect(await page.locator('.live').textContent()).toBe('Live')
    await daemon.stop('SIGTERM', 20_000)
    await until(page, 'it has ended', async () => {
      server.breakLines()
      return (await page.locator('.line').textContent()) === 'the daemon has ended'
    })
    expect(await page.locator('.live').textContent()).toBe('End')
    expect(await restart.isVisible()).toBe(false)
  })

  test('services are found by parts of their address, and by how they are', async () => {
    const { page, daemon, hands } = await showShop()
    await page.keyboard.press('/')
    await page.keyboard.type('back ord')
    await until(page, 'one is found', async () => (await page.locator('.tree-count').textContent()) === '1 of 20 services')
    expect(await page.locator('.row .row-id').allTextContents()).toEqual(['shop', 'back', 'orders'])
    await page.keyboard.press('Escape')
    hands.crash()
    await daemon.advance(300)
    await page.getByRole('button', { name: 'backing off 1' }).click()
    await until(page, 'only it is shown', async () => (await page.locator('.tree-count').textContent()) === '1 of 20 services')
  })
})

describe.skipIf(skips)('a service', () => {
  test('says how it is, whom it uses, and why it was restarted', async () => {
    const { page } = await showShop()
    await row(page, 'shop/back/orders').click()
    const detail = page.locator('.detail')
    await until(page, 'it is shown', async () => (await detail.locator('.path').textContent()) === 'shop/back/orders')
    expect(await detail.locator('.relations li').allTextContents()).toEqual(['shop/db', 'shop/back/payments', 'shop/front/api'])
    expect(await detail.locator('.life-head').allTextContents()).toEqual(['#3ready after 60 ms', '#2crashed', '#1crashed'])
    const causes = ['the ledger is not writable', 'EROFS: read-only file system', 'disk full']
    expect(await detail.locator('.life').nth(1).locator('.causes li').allTextContents()).toEqual(causes)
    expect(await detail.locator('.life-after').first().textContent()).toMatch(
      /^restart 2 of at most 5 within 1 min 0 s, after \d+ ms of back-off$/,
    )
    await detail.getByRole('button', { name: 'shop/db' }).click()
    await until(page, 'the other is shown', async () => (await detail.locator('.path').textContent()) === 'shop/db')
    expect(await row(page, 'shop/db').getAttribute('aria-selected')).toBe('true')
  })

  test('is in the address of the page, and still selected after a reload', async () => {
    const { page } = await showShop()
    await row(page, 'shop/back/orders').click()
    await until(page, 'it is in the address', async () => new URL(page.url()).hash === '#/shop/back/orders')
    await page.reload()
    await until(page, 'it is shown', async () => (await page.locator('.path').textContent()) === 'shop/back/orders')
    // As a colleague's link does in a page that is open already.
    await page.evaluate("location.hash = '#/shop/front/api'")
    await until(page, 'it is shown', async () => (await page.locator('.path').textContent()) === 'shop/front/api')
    await page.evaluate("location.hash = '#/shop/100%'")
    await until(page, 'what is no address is taken as it is', async () => (await page.locator('.path').textContent()) === 'shop/100%')
  })

  test('that has left the tree says so', async () => {
    const { page, daemon } = await showShop()
    await row(page, 'shop/front/sessions/session@1').click()
    const stopping = daemon.system.ref('shop/front/sessions').terminateChild('session@1')
    await daemon.advance(200)
    await stopping
    await until(page, 'it is gone', async () => (await page.locator('.detail-state').textContent()) === 'is not in the tree at this moment')
  })
})

describe.skipIf(skips)('a live shutdown', () => {
  test('shows from its first word on, while balancers are given time and nobody has been asked yet', async () => {
    const { page, daemon } = await showShop()
    await daemon.advance(1_000)
    const { now: at } = daemon.env
    const about = { at, address: 'shop' } as const
    daemon.system.tell({ ...about, type: 'shutdown-announced', reason: 'SIGTERM', inFlight: 0, budgetMs: 9_000 })
    daemon.system.tell({ ...about, type: 'phase-started', phase: 'lame-duck' })
    await until(page, 'it is said', async () => /lame duck/.test((await page.locator('.stop-title').textContent()) ?? ''))
    expect(await page.locator('.stop-left').textContent()).toMatch(/left of 9\.00 s · asked by SIGTERM$/)
    expect(await page.locator('.pill').textContent()).toBe('stopping')
    // How long it has been ready does not matter.
    expect(await page.locator('.stop-waits li').first().textContent()).not.toMatch(/ for \d/)
    void daemon.system.stop({ reason: 'SIGTERM', deadline: 8_000 })
    await until(page, 'it goes on', async () => /left of 8\.00 s/.test((await page.locator('.stop-left').textContent()) ?? ''))
  })

  test('says at each moment why it is not done yet', async () => {
    const { page, daemon, hands } = await showShop()
    hands.order(2, 4_000)
    const stopped = daemon.system.stop({ reason: 'SIGTERM', deadline: 30_000 })
    await daemon.advance(2_600)
    const banner = page.locator('.stop')
    await banner.waitFor()
    await until(page, 'the edge is named', async () =>
      /^shop\/front\/apiwaiting for \d+ in flight for/.test((await banner.locator('li').first().textContent()) ?? ''),
    )
    expect(await banner.locator('.stop-left').textContent()).toMatch(/^\d+\.\d s left of 30\.00 s · asked by SIGTERM$/)
    expect(await page.locator('.daemon .pill').textContent()).toBe('stopping')
    await banner.getByRole('button', { name: 'shop/front/api' }).click()
    await until(page, 'it is shown', async () => (await page.locator('.path').textContent()) === 'shop/front/api')
    await daemon.advance(4_000)
    const report = await stopped
    daemon.tell(daemon.state())
    await until(page, 'it is over', async () => (await page.locator('.daemon .pill').textContent()) === 'stopped')
    expect(await banner.locator('.stop-title').textContent()).toBe(
      `Stopped in ${formatMs(report.tookMs)}: clean, all accepted work finished`,
    )
    for (const word of await page.locator('.row .cell-word').allTextContents()) expect(word).toBe('stopped')
  })

  test('of a daemon that ends with it is still there, and says that the daemon has ended', async () => {
    const { page, daemon, server } = await showShop()
    await daemon.stop('SIGTERM', 30_000)
    await until(page, 'it is over', async () => (await page.locator('.daemon .pill').textContent()) === 'stopped')
    await server.close()
    await until(page, 'the line is over', async () => (await page.locator('.line').textContent()) === 'the daemon has ended')
    expect(await page.locator('.stop-title').textContent()).toContain('Stopped in')
  })
})
