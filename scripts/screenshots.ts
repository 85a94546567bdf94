// `npm run screenshots`: the inspector's page as it looks, from the shop of its tests, into docs/images.
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { launch, openPage } from '../test/inspect/browser.ts'
import { ScriptedServer } from '../test/inspect/scripted-server.ts'
import { openShop } from '../test/inspect/shop-stage.ts'

const folder = process.argv[2] ?? fileURLToPath(new URL('../docs/images', import.meta.url))
mkdirSync(folder, { recursive: true })

const PHONE = { viewport: { width: 390, height: 780 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true } as const
const DESK = { viewport: { width: 1280, height: 800 }, deviceScaleFactor: 1.5 } as const

const browser = await launch()

async function shoot(name: string, act: (page: Page) => Promise<void>, { isPhone = false, isStopping = false } = {}): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    const { daemon, hands } = await openShop({ controls: true })
    const server = await ScriptedServer.open(daemon)
    const { page, errors } = await openPage(browser, server.url, { ...(isPhone ? PHONE : DESK), colorScheme })
    await page.locator('main').waitFor()
    if (isStopping) {
      hands.order(17, 2_600)
      void daemon.system.stop({ reason: 'SIGTERM', deadline: 12_000 })
      await daemon.advance(3_600)
      daemon.tell({ type: 'gauges', at: daemon.env.now, changed: {} })
    }
    await act(page)
    await page.waitForTimeout(300)
    await page.screenshot({ path: `${folder}/${name}-${colorScheme}.png` })
    if (errors.length > 0) console.error(name, errors)
    await page.context().close()
    await server.close()
  }
}

const only = process.argv[3]
const all: [string, (page: Page) => Promise<void>, { isPhone?: boolean; isStopping?: boolean }?][] = [
  ['inspector', (page) => page.getByRole('treeitem', { name: 'checkout' }).click()],
  ['inspector-stopping', (page) => page.keyboard.press('3'), { isStopping: true }],
  ['inspector-messages', (page) => page.keyboard.press('2'), { isStopping: true }],
  ['inspector-phone', (page) => page.getByRole('tab', { name: 'Tree' }).click(), { isPhone: true, isStopping: true }],
]
for (const [name, act, options] of all) if (only === undefined || name === only) await shoot(name, act, options)
await browser.close()
