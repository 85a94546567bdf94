// The daemon as its observers are told of it.

/** What does not change while a daemon lives. */
export interface DaemonInfo {
  /** Identifies this run: on every line of its log. */
  readonly run: string
  /** The id of the tree's root. */
  readonly id: string
  readonly pid: number
  readonly host: string
  readonly node: string
  /** Of the daemon, as `run` was told; undefined when nobody said. */
  readonly version: string | undefined
  /** Of this package; undefined where it was bundled. */
  readonly quiesce: string | undefined
  readonly graceMs: number
  /** What of it there is until the tree must have stopped, the lame duck included; undefined where nobody says, as in an older recording. */
  readonly stopMs?: number | undefined
  readonly lameDuckMs: number
}
