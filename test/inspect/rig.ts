// What the tests of the inspector's page share: one browser for a file, and a page that shows the shop.
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest'
import { launch, missing, openPage } from './browser.js'
import { type FrameSource, ScriptedServer } from './scripted-server.js'
import { openShop, type StagedShop } from './shop-stage.js'

/** Why the tests of the page are skipped; undefined when they run. */
export const skips = missing() !== undefined

let browser: Browser | undefined

/** One browser, from the first test of a file to the last. */
export function oneBrowser(): void {
  beforeAll(async () => {
    if (!skips) browser = await launch()
  })
  afterAll(() => browser?.close())
}

/** A page on its way through a test: at its end it must have had no errors and asked nobody but its own origin. */
export interface Shown {
  readonly page: Page
  readonly server: ScriptedServer
}

/** Shows frames in a page, until the test is over. */
export async function show(
  source: FrameSource,
  options: BrowserContextOptions & { readonly url?: (server: ScriptedServer) => string } = {},
): Promise<Shown> {
  const { url = (server: ScriptedServer) => server.url, ...context } = options
  const server = await ScriptedServer.open(source)
  const { origin } = server
  const { page, errors, asked } = await openPage(browser as Browser, url(server), context)
  onTestFinished(async () => {
    await page.context().close()
    await server.close()
    expect(errors).toEqual([])
    expect(asked.filter((each) => !each.startsWith(origin) && !/^(?:data|blob|file):/.test(each))).toEqual([])
  })
  return { page, server }
}

/** The shop, open for business, in a page. */
export async function showShop(
  options: BrowserContextOptions & { readonly controls?: boolean; readonly sessions?: number } = {},
): Promise<Shown & StagedShop> {
  const { controls = false, sessions = 7, ...context } = options
  const shop = await openShop({ controls, sessions })
  const shown = await show(shop.daemon, context)
  await row(shown.page, 'shop').waitFor()
  return { ...shop, ...shown }
}

/** The row of a service. */
export function row(page: Page, address: string): ReturnType<Page['locator']> {
  return page.locator(`.row[data-kind="node"][data-address="${address}"]`)
}

/** Waits until something in the page is so: no time is asserted. */
export async function until(page: Page, says: string, isSo: () => Promise<boolean>): Promise<void> {
  const limit = 400
  for (let round = 0; round < limit; round += 1) {
    if (await isSo()) return
    await page.evaluate('new Promise((resolve) => requestAnimationFrame(resolve))')
  }
  throw new Error(`it never came about that ${says}`)
}

// What runs in the page has the types of a browser, which tests of Node must not have for their own.
interface RowInPage {
  readonly dataset: Readonly<Record<string, string>>
  querySelector(selector: string): { readonly textContent: string } | null
}
interface WindowInPage {
  readonly DataTransfer: new () => { readonly items: { add(file: unknown): void } }
}

/** The words of all rows, by address. */
export function shownIn(page: Page): Promise<Record<string, string>> {
  const rows = page.locator('.row[data-kind="node"]')
  return rows.evaluateAll((all) =>
    Object.fromEntries(
      (all as unknown as RowInPage[]).map((each) => [each.dataset['address'], each.querySelector('.cell-word')?.textContent]),
    ),
  )
}

/** Drops a file with a text on the page. */
export async function drop(page: Page, text: string): Promise<void> {
  const dataTransfer = await page.evaluateHandle((content) => {
    const data = new (globalThis as unknown as WindowInPage).DataTransfer()
    data.items.add(new File([content], 'cut.jsonl'))
    return data
  }, text)
  await page.dispatchEvent('body', 'drop', { dataTransfer })
}

/** Goes to the moment after so many facts. */
export async function seek(page: Page, position: number): Promise<void> {
  const slider = page.locator('.slider')
  await slider.fill(String(position))
  await until(page, `fact ${position} is shown`, async () =>
    ((await slider.getAttribute('aria-valuetext')) ?? '').includes(`fact ${position} of`),
  )
}
