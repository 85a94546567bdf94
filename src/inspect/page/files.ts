// Recordings as files: one frame a line. What was recorded here is saved so, and what was saved, here or by a daemon, is read again.

import { Recording } from '../../observe/picture/recording.js'
import type { Frame } from '../../observe/watch/frames.js'
import { html } from './elements-dom.js'

/** What was read. */
export interface Read {
  /** One for each run of a daemon that is in it. */
  readonly runs: readonly Recording[]
  /** Lines that are no frames: the last of a process that was killed may be cut short. */
  readonly badLines: number
}

const KINDS: ReadonlySet<string> = new Set<Frame['type']>(['state', 'fact', 'gauges', 'dropped'])

/** Reads a recording. @throws Error in people's words when there is none in it. */
export function readRecording(text: string): Read {
  const runs: Recording[] = []
  let badLines = 0
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue
    const frame = frameIn(line)
    if (frame === undefined) {
      badLines += 1
      continue
    }
    if (frame.type === 'state' && runs.at(-1)?.isOther(frame) !== false) runs.push(new Recording())
    runs.at(-1)?.take(frame)
  }
  if (runs.length === 0)
    throw new Error('there is no recording in it: its first line should be a state, as `quiesce run --record FILE` writes it')
  return { runs, badLines }
}

function frameIn(line: string): Frame | undefined {
  try {
    const frame = JSON.parse(line) as Partial<Frame> | null
    return typeof frame === 'object' && frame !== null && KINDS.has(frame.type ?? '') ? (frame as Frame) : undefined
  } catch {
    return undefined
  }
}

// As the lines of a file.
function writeRecording(recording: Recording): string {
  let text = ''
  for (const frame of recording.frames()) text += `${JSON.stringify(frame)}\n`
  return text
}

/** Gives a recording to the browser to be kept. */
export function saveRecording(recording: Recording): void {
  const { daemon } = recording.live?.state ?? {}
  const time = new Date().toISOString().replace(/[:T]/g, '-').slice(0, 19)
  const url = URL.createObjectURL(new Blob([writeRecording(recording)], { type: 'application/x-ndjson' }))
  html('a', { href: url, download: `${daemon?.id ?? 'daemon'}-${daemon?.pid ?? 0}-${time}.jsonl` }).click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}

/** Lets files be dropped anywhere on the page. */
export function acceptDrops(target: HTMLElement, open: (file: File) => void): void {
  target.addEventListener('dragover', (event) => {
    if (event.dataTransfer?.types.includes('Files') !== true) return
    event.preventDefault()
    target.classList.add('is-dropping')
  })
  target.addEventListener('dragleave', (event) => {
    if (event.relatedTarget === null) target.classList.remove('is-dropping')
  })
  target.addEventListener('drop', (event) => {
    target.classList.remove('is-dropping')
    const file = event.dataTransfer?.files[0]
    if (file === undefined) return
    event.preventDefault()
    open(file)
  })
}
