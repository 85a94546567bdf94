// The inspector of a real daemon in a real browser: whoever has its address sees it live, to its end; nobody else sees anything.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type DaemonProcess, start } from '../support/daemon-process.js'
import { launch, missing, openPage } from './browser.js'

const TOKEN = 'only-for-those-who-may-look'

interface Watched {
  readonly daemon: DaemonProcess
  readonly origin: string
}

async function watched(): Promise<Watched> {
  const daemon = start('watched', { env: { TOKEN } })
  const { url } = await daemon.line('admin')
  await daemon.line('watched is ready')
  return { daemon, origin: String(url) }
}

/** A page of somebody else on this machine, which runs `script` and shows what came of it. */
async function foreignPage(script: string): Promise<string> {
  const page = `<!doctype html><title>busy</title><script type="module">document.title = await (async () => { ${script} })()</script>`
  const server = createServer((_, response) => response.setHeader('content-type', 'text/html').end(page)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

describe.skipIf(missing() !== undefined)('a real daemon', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launch()
  })
  afterAll(() => browser.close())

  test('is seen live: its services, a stop and who is waited for, the end and the report', async () => {
    const { daemon, origin } = await watched()
    const { page, errors, asked } = await openPage(browser, `${origin}/inspect?token=${TOKEN}`)
    await page.getByRole('treeitem', { name: /desk/ }).waitFor()
    expect(await page.getByRole('treeitem').count()).toBe(3)
    daemon.tell('work')
    await page
      .getByRole('treeitem', { name: /desk/ })
      .getByText(/1\s*\/\s*4/)
      .waitFor()
    daemon.signal('SIGTERM')
    await page
      .getByText(/waiting for 1 /)
      .first()
      .waitFor()
    daemon.tell('finish')
    expect((await daemon.exited).code).toBe(0)
    await page
      .getByText(/Stopped in .*clean, all accepted work finished/)
      .first()
      .waitFor()
    expect(errors).toEqual([])
    expect(asked.filter((url) => !url.startsWith(origin))).toEqual([])
  })

  test('who is added while one looks is soon known by more than the address', async () => {
    const { daemon, origin } = await watched()
    const { page } = await openPage(browser, `${origin}/inspect?token=${TOKEN}`)
    await page.getByRole('treeitem', { name: /desk/ }).waitFor()
    daemon.tell('grow')
    const other = page.getByRole('treeitem', { name: /other/ })
    await other.getByText('machine').waitFor()
    await other.click()
    await page.getByRole('button', { name: 'Its machine' }).waitFor()
    await page.getByText('temporary').waitFor()
  })

  test('shows nothing without its token, and says why', async () => {
    const { origin } = await watched()
    const { page } = await openPage(browser, `${origin}/inspect`)
    expect(await page.textContent('body')).toContain('The token is missing: open the address that quiesce inspect prints.')
    await page.goto(`${origin}/inspect?token=guessed`)
    expect(await page.textContent('body')).toContain('The token is wrong')
  })

  test('a page of another origin can neither read nor do anything, although it knows the token', async () => {
    const { daemon, origin } = await watched()
    const attempts = `
      const base = '${origin}/inspect', token = '?token=${TOKEN}'
      const tried = async (name, how) => { try { return name + ' ' + (await how()) } catch { return name + ' refused' } }
      const events = () => new Promise((resolve, reject) => {
        const source = new EventSource(base + '/events' + token)
        source.onmessage = source.onopen = () => resolve('open')
        source.onerror = () => { source.close(); reject(new Error()) }
      })
      const results = [
        await tried('read', async () => (await fetch(base + '/state' + token)).status),
        await tried('follow', events),
        await tried('kill', async () => (await fetch(base + '/control' + token + '&verb=kill&address=watched/desk', { method: 'POST' })).status),
      ]
      await fetch(base + '/control' + token + '&verb=kill&address=watched/desk', { method: 'POST', mode: 'no-cors' })
      return results.join(', ')`
    const { page } = await openPage(browser, await foreignPage(attempts))
    await page.waitForFunction('document.title !== "busy"')
    expect(await page.title()).toBe('read refused, follow refused, kill refused')
    daemon.signal('SIGTERM')
    const { lines } = await daemon.exited
    expect(lines.filter(({ msg }) => msg.startsWith('asked for by hand'))).toEqual([])
  })

  test('a page of another origin cannot show it as its own', async () => {
    const { origin } = await watched()
    const { page } = await openPage(
      browser,
      await foreignPage(`
      const frame = document.createElement('iframe')
      frame.src = '${origin}/inspect?token=${TOKEN}'
      await new Promise((resolve) => { frame.onload = frame.onerror = resolve; document.body.append(frame) })
      return 'framed'`),
    )
    await page.waitForFunction('document.title !== "busy"')
    const inner = page.frames().find((frame) => frame !== page.mainFrame())
    expect(await inner?.locator('[role=tree]').count()).toBe(0)
  })

  test('a service is restarted from the page, after a question', async () => {
    const { daemon, origin } = await watched()
    const { page } = await openPage(browser, `${origin}/inspect?token=${TOKEN}`)
    await page.getByRole('treeitem', { name: /desk/ }).click()
    await page
      .getByRole('button', { name: /^Restart/ })
      .first()
      .click()
    await page
      .getByRole('dialog')
      .getByRole('button', { name: /Restart/ })
      .click()
    await page.getByText('watched/desk is ready again').first().waitFor()
    daemon.signal('SIGTERM')
    const { lines } = await daemon.exited
    expect(lines.find(({ msg }) => msg === 'asked for by hand: restart')).toMatchObject({ service: 'watched/desk' })
  })
})
