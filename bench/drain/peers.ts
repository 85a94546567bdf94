// Who is measured: a server fixture each, with the packages that it is made of.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** One way to stop a server. */
export interface Peer {
  readonly name: string
  /** Its fixture in `peers/`. */
  readonly file: string
  readonly packages: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** In the order of the table. */
export const PEERS: readonly Peer[] = [
  { name: 'quiesce', file: 'quiesce', packages: [] },
  { name: 'server.close()', file: 'bare', packages: [] },
  { name: 'terminus', file: 'terminus', packages: ['@godaddy/terminus'] },
  { name: 'lightship', file: 'lightship', packages: ['lightship'] },
  { name: 'http-terminator', file: 'http-terminator', packages: ['http-terminator'] },
  { name: 'http-graceful-shutdown', file: 'http-graceful-shutdown', packages: ['http-graceful-shutdown'] },
  { name: 'stoppable', file: 'stoppable', packages: ['stoppable'] },
  { name: 'fastify', file: 'fastify', packages: ['fastify', 'close-with-grace'] },
  { name: 'fastify without 503', file: 'fastify', packages: ['fastify', 'close-with-grace'], env: { RETURN_503: 'false' } },
  { name: 'nest', file: 'nest', packages: ['@nestjs/core'] },
  { name: 'effect', file: 'effect', packages: ['effect', '@effect/platform-node'] },
]

/** What a peer is made of, with versions. */
export function madeOf({ packages }: Peer): string {
  return packages.map((name) => `${name} ${versionOf(name)}`).join(', ')
}

function versionOf(name: string): string {
  const file = join(import.meta.dirname, 'node_modules', name, 'package.json')
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}
