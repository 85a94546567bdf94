// What `quiesce inspect` serves, in a real browser: a recording without its daemon, and a daemon that has no inspector of its own.
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { launch, missing, openPage } from '../inspect/browser.js'
import { Place } from './shop.js'

const skips = missing() !== undefined

describe.skipIf(skips)('in a browser', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launch()
  })
  afterAll(() => browser.close())

  async function served(place: Place, line: string): Promise<string> {
    const cli = place.follow(line)
    return (await cli.line(({ msg }) => msg.startsWith('http://127.0.0.1:'))).msg
  }

  test('a recording: its services, its shutdown, nothing from elsewhere', async () => {
    const place = new Place()
    const shop = await place.start({}, ['--record', 'shop.recording'])
    shop.signal('SIGTERM')
    await shop.exited
    const url = await served(place, 'inspect shop.recording')
    const { page, errors, asked } = await openPage(browser, url)
    await page.getByText('api', { exact: true }).first().waitFor()
    expect(await page.locator('body').textContent()).toContain('shop.recording')
    expect({ errors, hosts: [...new Set(asked.map((each) => new URL(each).host))] }).toEqual({ errors: [], hosts: [new URL(url).host] })
    await page.context().close()
  })

  test('a daemon without an inspector: live, its events handed on by the program', async () => {
    const place = new Place()
    await place.start()
    const { page, errors } = await openPage(browser, await served(place, 'inspect'))
    await page.getByText('api', { exact: true }).first().click()
    expect(await place.quiesce('drain web/api')).toMatchObject({ code: 0 })
    await page.locator('.row[data-address="shop/web/api"]', { hasText: 'stopped' }).first().waitFor()
    // It may only look; unless that is said.
    expect(await page.getByRole('button', { name: 'Restart' }).count()).toBe(0)
    expect(errors).toEqual([])
    await page.context().close()
    const other = await openPage(browser, await served(place, 'inspect --controls'))
    await other.page.getByText('api', { exact: true }).first().click()
    await other.page.getByRole('button', { name: 'Restart' }).first().waitFor()
    await other.page.context().close()
  })
})
