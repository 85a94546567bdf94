// The work that every server under load does, and the journal that it keeps of it. Plain JavaScript, so that a peer runs on Node as it is.
import { openSync, writeSync } from 'node:fs'

// Written synchronously, line by line: nothing of it is lost, however the process ends.
const file = process.env.JOURNAL
const journal = file === undefined ? undefined : openSync(file, 'a')
const note = (what, id) => journal !== undefined && writeSync(journal, `${what} ${id}\n`)

/** `/work/ID/MS`: begins, takes so many milliseconds, answers with the id and who did it. */
export async function work(url) {
  const [, , id = '', ms = '0'] = url.split('/')
  note('begun', id)
  await after(Number(ms))
  note('finished', id)
  return `${id} ${process.pid}`
}

/** The same as a listener of node:http; `/readyz` is answered too. */
export async function listener(req, res) {
  if (req.url !== '/readyz') return void res.end(await work(req.url))
  res.statusCode = isStopping ? 503 : 200
  res.end()
}

let isStopping = false

/** How long a server that has been told to stop goes on as before, so that balancers take notice. */
export const lameDuckMs = Number(process.env.LAME_DUCK ?? 0)

/** For servers whose library knows nothing of it: from now on `/readyz` says 503; resolves when the time is over. */
export async function lameDuck() {
  isStopping = true
  if (lameDuckMs > 0) await after(lameDuckMs)
}

/** Tells whoever started the process where it serves. */
export function serving(port, readyz = `http://127.0.0.1:${port}/readyz`) {
  console.log(JSON.stringify({ serving: { port, readyz } }))
}

/** Listens on a free port and tells. */
export function serve(server) {
  server.listen(0, '127.0.0.1', () => serving(server.address().port))
}

function after(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
