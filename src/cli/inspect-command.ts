// `quiesce inspect`: the address of a daemon's inspector. Where the daemon has none, and for a recording, this program serves the page
// itself, to this machine only and to whoever has the token, until Ctrl+C.
import { randomBytes } from 'node:crypto'
import { createReadStream, statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { Readable } from 'node:stream'
import { describe } from '../base/errors.js'
import { type AdminServer, listenAdmin } from '../daemon/admin-server.js'
import { guarded } from '../inspect/guard.js'
import { PAGE_HEADERS, readPage } from '../inspect/page-file.js'
import type { Route } from '../observe/observer.js'
import { chooseDaemon, type Wanted } from './daemons/choose.js'
import { DaemonClient } from './daemons/client.js'
import { DaemonError } from './daemons/daemon-error.js'
import { relayRoutes } from './daemons/relay.js'
import { UsageError } from './usage-error.js'

/** What is to be looked at. */
export interface InspectRequest extends Wanted {
  readonly timeoutMs: number
  /** Where the page is served, if it is served here; 0 for any port. */
  readonly port: number
  readonly controls: boolean
}

/** Where the page is. */
export interface Inspected {
  readonly url: string
  /** Who serves it, in words. */
  readonly words: string
  /** Ends what is served here; undefined where the daemon serves it itself. */
  readonly server: AdminServer | undefined
  readonly notes: readonly string[]
}

const TOKEN_BYTES = 24
// No frame is longer than that, however large a tree.
const FIRST_LINE_BYTES = 64 * 1_024

/** Finds the page, or serves it. @throws UsageError, DaemonError */
export async function inspectCommand(request: InspectRequest, env: NodeJS.ProcessEnv): Promise<Inspected> {
  const { target } = request
  if (target !== undefined && statSync(target, { throwIfNoEntry: false })?.isFile() === true) return await inspectFile(request, target)
  const { daemon, notes } = await chooseDaemon(request, env)
  const client = new DaemonClient(daemon, request.timeoutMs)
  const url = await client.inspector()
  if (url !== undefined) return { url, words: `${daemon.name} serves it`, server: undefined, notes }
  const served = await serve(request, relayRoutes(client, request.controls), '')
  const hint = request.controls ? '' : '; `--controls` lets the page restart, drain and kill'
  return { ...served, words: `served here for ${daemon.name}, until Ctrl+C${hint}`, notes }
}

async function inspectFile(request: InspectRequest, file: string): Promise<Inspected> {
  await demandRecording(file)
  const path = resolve(file)
  const name = encodeURIComponent(basename(path))
  const recording: Route = () =>
    new Response(Readable.toWeb(createReadStream(path)) as ReadableStream, {
      headers: { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' },
    })
  const served = await serve(request, new Map([[`GET /inspect/recording/${name}`, recording]]), `/inspect/recording/${name}`)
  return { ...served, words: `${file}, served until Ctrl+C`, notes: [] }
}

async function demandRecording(file: string): Promise<void> {
  const handle = await open(file).catch((error) => {
    throw new UsageError(`${file} cannot be read: ${describe(error)}`, 'inspect')
  })
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(FIRST_LINE_BYTES), 0, FIRST_LINE_BYTES, 0)
    if (/^\s*\{"type":"(?:state|dropped)"/.test(buffer.toString('utf8', 0, bytesRead))) return
  } finally {
    await handle.close()
  }
  throw new UsageError(
    `there is no recording in ${file}; \`quiesce run --record FILE\` writes one, and so does \`quiesce top --json > FILE\``,
    'inspect',
  )
}

async function serve(
  { port }: InspectRequest,
  routes: ReadonlyMap<string, Route>,
  recording: string,
): Promise<{ url: string; server: AdminServer }> {
  const token = randomBytes(TOKEN_BYTES).toString('base64url')
  const html = readPage()
  const page: Route = () => new Response(html, { headers: PAGE_HEADERS })
  const all = new Map([...routes, ['GET /inspect', page] as const].map(([path, route]) => [path, guarded(token, route)]))
  const server = await listenAdmin({ host: '127.0.0.1', port }, all, () => {}).catch((error) => {
    throw new DaemonError(`the page cannot be served on 127.0.0.1:${port}: ${describe(error)}; give another \`--port\``)
  })
  const query = new URLSearchParams({ token, ...(recording === '' ? {} : { recording: `${recording}?token=${token}` }) })
  return { url: `${server.url}/inspect?${query}`, server }
}
