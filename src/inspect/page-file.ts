// The inspector's page: one file, made by the build, that asks for nothing but this daemon's own frames.
import { readFileSync } from 'node:fs'

const FILE = new URL('./page.html', import.meta.url)

/** The page, ready to be served. @throws Error when the package was not built. */
export function readPage(): string {
  try {
    return readFileSync(FILE, 'utf8')
  } catch (error) {
    throw new Error(`the inspector's page is not there (${FILE.pathname}): build the package first, with \`npm run build\``, {
      cause: error,
    })
  }
}

/** What a browser is told about the page: it may ask its own origin, and nobody may frame it. */
export const PAGE_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const
