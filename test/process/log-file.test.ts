// A log that is a file: appended to by one run after another, never truncated, so that whoever follows it with a lag loses nothing.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, fstatSync, openSync, readFileSync, readSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { checkBuild, commandOf, type Line, temporaryFolder } from '../support/daemon-process.js'

/** Follows a file as `tail -F` does: from where it was last, and only when it gets round to it. */
class Tail {
  readonly #file: string
  readonly #fd: number
  #offset = 0
  text = ''

  constructor(file: string) {
    this.#file = file
    this.#fd = openSync(file, 'r')
    onTestFinished(() => closeSync(this.#fd))
  }

  poll(): void {
    const { size, ino } = fstatSync(this.#fd)
    expect(size, 'it was truncated').toBeGreaterThanOrEqual(this.#offset)
    expect(statSync(this.#file).ino, 'it was replaced').toBe(ino)
    const part = Buffer.alloc(size - this.#offset)
    this.#offset += readSync(this.#fd, part, 0, part.length, this.#offset)
    this.text += part.toString()
  }

  get lines(): Line[] {
    return this.text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Line)
  }
}

/** Runs it with its log appended to a file, as a shell does with `>>`; resolves when it has said its lines. */
async function startInto(file: string, marker: string): Promise<ChildProcess> {
  checkBuild()
  const fd = openSync(file, 'a')
  const child = spawn(process.execPath, commandOf('chatting'), {
    stdio: ['ignore', fd, 'pipe'],
    env: { ...process.env, MARKER: marker, OPTIONS: '{"admin":false}' },
  })
  closeSync(fd)
  onTestFinished(() => void child.kill('SIGKILL'))
  for await (const text of child.stderr ?? []) if (String(text).includes('said')) break
  return child
}

test.each(['SIGTERM', 'SIGKILL'] as const)(
  'a reader that lags a whole run behind loses nothing across a restart after %s',
  async (signal) => {
    const folder = temporaryFolder()
    const file = join(folder, 'app.log')
    writeFileSync(file, '{"msg":"older"}\n')
    const tail = new Tail(file)
    for (const last of [signal, 'SIGTERM'] as const) {
      const child = await startInto(file, folder)
      tail.poll()
      child.kill(last)
      await once(child, 'exit')
    }
    tail.poll()
    expect(tail.text).toBe(readFileSync(file, 'utf8'))
    const [older, ...lines] = tail.lines
    expect(older?.msg).toBe('older')
    const runs = [...new Set(lines.map(({ run }) => run))]
    expect(runs).toHaveLength(2)
    const chats = runs.map((run) => lines.filter((line) => line['run'] === run && line.msg === 'chat').map(({ number }) => number))
    const hundred = Array.from({ length: 100 }, (_, number) => 100 + number)
    expect(chats).toEqual([signal === 'SIGTERM' ? [...hundred, ...hundred] : hundred, [...hundred, ...hundred]])
    expect(lines.filter(({ msg }) => msg === 'app starts').map(({ run }) => run)).toEqual(runs)
    expect(lines.filter(({ msg }) => msg.startsWith('complete')).map(({ run }) => run)).toEqual(signal === 'SIGTERM' ? runs : runs.slice(1))
  },
)
