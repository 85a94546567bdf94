// A refusal as an answer: for programs as JSON, and for a person, who has opened yesterday's address, as a page that can be read.

const NEVER_KEPT = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' }

const PAGE_HEADERS = {
  ...NEVER_KEPT,
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
}

const STYLE = `:root { color-scheme: light dark }
body { display: grid; place-content: center; min-height: 90vh; margin: 0; padding: 16px; font: 16px / 1.5 system-ui, sans-serif }
main { max-width: 34rem }
h1 { font-size: 1.25rem }
code { font: 0.92em ui-monospace, monospace }`

/** 403, and why. What stands between backquotes in `why` is typed. */
export function forbidden(request: Request, why: string): Response {
  const isForPerson = request.headers.get('accept')?.includes('text/html') === true
  if (!isForPerson) return Response.json({ error: why }, { status: 403, headers: NEVER_KEPT })
  return new Response(pageOf(why), { status: 403, headers: PAGE_HEADERS })
}

function pageOf(why: string): string {
  const sentence = `${why.charAt(0).toUpperCase()}${why.slice(1)}.`
  const parts = sentence.split('`').map((part, index) => (index % 2 === 1 ? `<code>${escaped(part)}</code>` : escaped(part)))
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>The inspector refuses</title><style>${STYLE}</style></head>
<body><main><h1>The inspector refuses</h1><p>${parts.join('')}</p></main></body>
</html>
`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
