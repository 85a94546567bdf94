// Tells those who observe a lease on one host what they may have missed: that files in its folder changed, and that the process of its
// holder ended, which changes no file.
import { type FSWatcher, watch } from 'node:fs'
import { connect, type Socket } from 'node:net'

interface Watched {
  readonly folder: string
  /** How the names of all files of the election begin. */
  readonly prefix: string
  /** Where the holder listens, each of which ends with it; empty when there is none, or it is in this process. */
  holderPaths(): Promise<readonly string[]>
}

/** Watches as long as somebody observes. Keeps no process alive. */
export class LocalWatch {
  readonly #watched: Watched
  readonly #observers = new Set<() => void>()
  #files: FSWatcher | undefined
  #socket: Socket | undefined

  constructor(watched: Watched) {
    this.#watched = watched
  }

  observe(onChange: () => void): () => void {
    const observer = (): void => onChange()
    this.#observers.add(observer)
    if (this.#observers.size === 1) this.#start()
    return () => {
      if (this.#observers.delete(observer) && this.#observers.size === 0) this.#stop()
    }
  }

  #start(): void {
    const { folder, prefix } = this.#watched
    try {
      const files = watch(folder, { persistent: false }, (_event, name) => {
        if (name === null || (name.startsWith(prefix) && !name.endsWith('.new'))) this.#changed()
      })
      this.#files = files.on('error', () => files.close())
    } catch {
      // The system has no watch to spare (inotify has limits): then only the end of a holder is told, and the rest is found by polling.
    }
    void this.#follow()
  }

  #stop(): void {
    this.#files?.close()
    this.#files = undefined
    this.#socket?.destroy()
    this.#socket = undefined
  }

  #changed(): void {
    void this.#follow()
    this.#tell()
  }

  #tell(): void {
    for (const observer of this.#observers) observer()
  }

  /** Holds a connection to the holder, of which only its end is of interest. At `gone` nobody answered. */
  async #follow(gone?: string): Promise<void> {
    const [path, ...others] = await this.#watched.holderPaths().catch(() => [])
    if (this.#observers.size === 0 || path === undefined || path === gone || this.#socket !== undefined) return
    this.#connect(path, others, path)
  }

  // The sockets of a process that dies do not end all at once: until the last has ended, there is one to hold on to.
  #connect(path: string, [next, ...others]: readonly string[], first: string): void {
    const socket = connect({ path }).unref()
    this.#socket = socket
    let wasOpen = false
    socket.on('error', () => {})
    socket.on('connect', () => {
      wasOpen = true
    })
    socket.on('close', () => {
      if (this.#socket !== socket) return
      this.#socket = undefined
      if (!wasOpen && next !== undefined) return this.#connect(next, others, first)
      // Another may hold it by now, whose change of the files came while this one was still being called.
      void this.#follow(wasOpen ? undefined : first)
      this.#tell()
    })
    socket.resume()
  }
}
