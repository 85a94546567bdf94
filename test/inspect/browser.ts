// A real Chromium for the tests of the inspector's page. Where it is missing they are skipped, and say so; with CI=true that is an error.
import { existsSync } from 'node:fs'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { PAGE_FILE } from './scripted-server.js'

const PLACES = [process.env['QUIESCE_CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
// What it would do by itself: nothing of it belongs to a test.
const QUIET = ['--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-gpu', '--no-sandbox']

const executable = PLACES.find((path) => path !== undefined && existsSync(path))

/** What is missing for these tests; undefined when nothing is. @throws Error with CI=true. */
export function missing(): string | undefined {
  const what =
    executable === undefined ? 'Chromium (apt-get install chromium)' : existsSync(PAGE_FILE) ? undefined : 'the built page (npm run build)'
  if (what === undefined) return undefined
  if (process.env['CI'] === 'true') throw new Error(`the inspector's page cannot be tested: ${what} is missing`)
  console.log(`skipped: the tests of the inspector's page need ${what}`)
  return what
}

/** One browser; close it at the end. */
export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: executable ?? '', args: QUIET })
}

/** A page that has been opened, and what went wrong in it. */
export interface OpenPage {
  readonly page: Page
  /** Errors of its script and what the browser refused it. */
  readonly errors: string[]
  /** All that it asked for. */
  readonly asked: string[]
}

/** A page in a context of its own. */
export async function openPage(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<OpenPage> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, timezoneId: 'UTC', locale: 'en-GB', ...options })
  const page = await context.newPage()
  const errors: string[] = []
  const asked: string[] = []
  page.on('pageerror', (error) => errors.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) errors.push(message.text())
  })
  page.on('request', (request) => asked.push(request.url()))
  await page.goto(url)
  return { page, errors, asked }
}
