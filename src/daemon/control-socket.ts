// The Unix socket on which `quiesce tree`, `top`, `drain` and the others find a running daemon: in a folder that only its owner may
// enter, named after the root's id and the process. Whoever may open it may do what a signal of the same user could.
import { chmodSync, lstatSync, mkdirSync, readdirSync, unlinkSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The folder of the sockets: the user's runtime directory, else one of its own below the temporary one. */
export function socketFolder(env: NodeJS.ProcessEnv = process.env): string {
  const runtime = env['XDG_RUNTIME_DIR']
  return runtime === undefined || runtime === '' ? join(tmpdir(), `quiesce-${process.getuid?.() ?? 'user'}`) : join(runtime, 'quiesce')
}

/**
 * Prepares the place for the socket of this process and returns its path; sockets on which nobody listens any more are removed on the way.
 * @throws Error when the folder is somebody else's.
 */
export async function prepareSocket(rootId: string, folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const stat = lstatSync(folder)
  const uid = process.getuid?.()
  if (!stat.isDirectory() || (uid !== undefined && stat.uid !== uid)) throw new Error(`${folder} is not a folder of this user's own`)
  if ((stat.mode & 0o077) !== 0) chmodSync(folder, 0o700)
  const sockets = readdirSync(folder).filter((name) => name.endsWith('.sock'))
  await Promise.all(sockets.map((name) => removeIfDeaf(join(folder, name))))
  const path = join(folder, `${rootId}-${process.pid}.sock`)
  removeSocket(path)
  return path
}

/** Removes a socket that is there. */
export function removeSocket(path: string): void {
  try {
    unlinkSync(path)
  } catch {
    // It is gone already.
  }
}

// By its process alone nobody could tell: ids are used again, and those of another container mean nothing here.
function removeIfDeaf(path: string): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(path)
    const over = (): void => {
      socket.destroy()
      resolve()
    }
    socket.once('connect', over)
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED') removeSocket(path)
      over()
    })
  })
}
