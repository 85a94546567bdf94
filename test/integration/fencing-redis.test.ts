// The script of docs/fencing.md, run by a Redis of the machine.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { blockOf } from '../support/documents.js'
import { freePort } from '../support/postgres-server.js'

const isMissing = spawnSync('redis-server', ['--version'], { stdio: 'ignore' }).status !== 0
const skips = isMissing && process.env['CI'] !== 'true'
if (skips) process.stdout.write('No Redis here, so the script in docs/fencing.md is not run: apt-get install redis-server\n')

describe.skipIf(skips)('the script for Redis', () => {
  const script = blockOf('docs/fencing.md', 'lua')
  let server: ReturnType<typeof spawn>
  let socket: Socket

  beforeAll(async () => {
    const port = await freePort()
    const flags = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
    server = spawn('redis-server', flags, { stdio: ['ignore', 'pipe', 'inherit'] })
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.once('exit', () => reject(new Error('redis-server ended')))
      if (server.stdout === null) return
      createInterface({ input: server.stdout }).on('line', (line) => line.includes('Ready to accept connections') && resolve())
    })
    socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
  })
  afterAll(async () => {
    socket?.destroy()
    if (server?.exitCode !== null) return
    const ended = once(server, 'exit')
    server.kill()
    await ended
  })

  async function ask(...words: string[]): Promise<string> {
    const answer = once(socket, 'data')
    socket.write(`*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`)
    return String((await answer)[0]).trim()
  }

  const token = (term: number): string => String(term).padStart(20, '0')
  const act = (term: number, ...value: string[]): Promise<string> =>
    ask('EVAL', script, '2', '{billing}:fence', '{billing}:data', token(term), ...value)

  test('seals, writes in the term that is sealed, and refuses what is older, before and after', async () => {
    expect(await act(9)).toContain(token(9))
    expect(await ask('GET', '{billing}:data')).toBe('$-1')
    expect(await act(9, 'nine')).toContain(token(9))
    expect(await act(10)).toContain(token(10))
    expect(await act(9, 'late')).toMatch(/^-STALE term 0*9, seen 0*10$/)
    expect(await act(9)).toMatch(/^-STALE/)
    expect(await ask('GET', '{billing}:data')).toContain('nine')
    expect(await act(10, 'ten')).toContain(token(10))
    expect(await ask('GET', '{billing}:data')).toContain('ten')
    expect(await ask('GET', '{billing}:fence')).toContain(token(10))
  })
})
