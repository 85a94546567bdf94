// The lock of a lease on one host, free as soon as the process ends that holds it, however it ends. An abstract Unix socket can be bound
// by one process; a socket in the folder of the records tells those from whom the abstract one is hidden, as between containers.
import { randomBytes } from 'node:crypto'
import { unlinkSync } from 'node:fs'
import { readdir, rename, unlink } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { basename, join } from 'node:path'

/** Where a lock is. */
export interface LockPlace {
  /** The name of the abstract socket, with the zero byte that makes it one. */
  readonly abstract: string
  readonly folder: string
  /** How the names of the sockets in the folder begin. */
  readonly prefix: string
}

/** The lock, held by this process until it is freed. */
export class LocalLock {
  /** Names the socket in the folder: whoever connects to it is told of the end of the lock by the end of the connection. */
  readonly id: string
  readonly #gate: Post
  readonly #sign: Post

  private constructor(gate: Post, sign: Post, id: string) {
    this.id = id
    this.#gate = gate
    this.#sign = sign
  }

  /** Takes the lock; undefined when another one has it. */
  static async take(place: LockPlace): Promise<LocalLock | undefined> {
    const gate = await Post.at(place.abstract)
    if (gate === undefined) return undefined
    let lock: LocalLock | undefined
    try {
      // Its name is used once, so that a dead one can be removed by anybody.
      const path = join(place.folder, `${place.prefix}-${randomBytes(4).toString('hex')}.sock`)
      const sign = await Post.at(`${path}.new`)
      if (sign === undefined) throw new Error(`${path}.new is there already`)
      lock = new LocalLock(gate, sign, basename(path))
      // Found under its name only now that it answers: one that does not answer is dead.
      await sign.rename(path)
      // First the own sign, then a look for others: of two who do so at once, at least one sees the other.
      if (!(await isAnotherAlive(place, lock.id))) return lock
    } catch (error) {
      if (lock === undefined) gate.close()
      else lock.free()
      throw error
    }
    lock.free()
    return undefined
  }

  /** At once: when this returns, anybody can take the lock. */
  free(): void {
    const posts = [this.#gate, this.#sign]
    for (const post of posts) post.close()
    // Only now, so that those who are told do not come too early.
    for (const post of posts) post.dismiss()
  }
}

/** A socket that is listened to, and those who watch for its end. */
class Post {
  #path: string
  readonly #server: Server
  readonly #watchers: Set<Socket>

  private constructor(path: string, server: Server, watchers: Set<Socket>) {
    this.#path = path
    this.#server = server
    this.#watchers = watchers
  }

  /** Listens; undefined when another one does. */
  static at(path: string): Promise<Post | undefined> {
    const watchers = new Set<Socket>()
    const server = createServer((socket) => {
      watchers.add(socket.unref())
      // What a watcher sends is of no interest.
      socket
        .resume()
        .on('error', () => {})
        .on('close', () => watchers.delete(socket))
    })
    return new Promise((resolve, reject) => {
      // Once it listens too: whom it could not accept for lack of file descriptors will call again, and that is not worth the process.
      server.on('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error)))
      // Exclusive: in a worker of `node:cluster` the primary would bind it, once for all workers.
      server.listen({ path, exclusive: true }, () => resolve(new Post(path, server, watchers))).unref()
    })
  }

  async rename(path: string): Promise<void> {
    await rename(this.#path, path)
    this.#path = path
  }

  close(): void {
    try {
      if (!this.#path.startsWith('\0')) unlinkSync(this.#path)
    } catch {
      // Whoever takes the lock next will find that nobody answers there.
    }
    this.#server.close()
  }

  dismiss(): void {
    for (const watcher of this.#watchers) watcher.destroy()
  }
}

async function isAnotherAlive({ folder, prefix }: LockPlace, own: string): Promise<boolean> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith(`${prefix}-`) || !name.endsWith('.sock') || name === own) continue
    if (await isAlive(join(folder, name))) return true
    await unlink(join(folder, name)).catch(ignoreMissing)
  }
  return false
}

/** Whether a process listens at a socket, be it stopped. */
export function isAlive(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path }, () => {
      socket.destroy()
      resolve(true)
    })
    // Anything else than a clear no is taken for a yes: the line before a stopped process may be full, or its door shut to us.
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT'))
  })
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}
