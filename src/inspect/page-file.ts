// The inspector's page: one file, made by the build, that asks for nothing but this daemon's own frames.
import { existsSync, readFileSync } from 'node:fs'

/** Beside this file once it is built; from the sources it is the one that was built last. */
const FILES = [new URL('./page.html', import.meta.url), new URL('../../dist/inspect/page.html', import.meta.url)]

/** The page, ready to be served. @throws Error when the package was not built. */
export function readPage(): string {
  const file = FILES.find((each) => existsSync(each))
  if (file !== undefined) return readFileSync(file, 'utf8')
  throw new Error(`the inspector's page is not there (${FILES[0]?.pathname}): build the package first, with \`npm run build\``)
}

/** What a browser is told beside the page, which says itself that only its own script and style may run and only its own origin be asked: nobody may frame it. */
export const PAGE_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy': "frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const
