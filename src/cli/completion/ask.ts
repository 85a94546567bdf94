// What a shell may complete a word with that only the program knows: the addresses of what runs. It answers at once or not at all: a
// person waits with a finger on the key.
import type { TreeNode } from '../../tree/tree-node.js'
import { DaemonClient } from '../daemons/client.js'
import { type FoundDaemon, findDaemons } from '../daemons/find.js'
import { nodeAt } from '../live/place.js'

// Longer than that nobody presses Tab.
const PATIENCE_MS = 2_000
const MOST = 200

// What any shell reads as itself: a name with more in it, which may have come from afar, must not become a command by pressing Tab.
const PLAIN = /^[\p{L}\p{M}\p{N}_.:@%+,/-]+$/u

/** What a word that begins so may become, a line each. */
export async function completionsFor(kind: string, word: string, env: NodeJS.ProcessEnv): Promise<string[]> {
  return (await candidates(kind, word, env)).filter((each) => PLAIN.test(each))
}

async function candidates(kind: string, word: string, env: NodeJS.ProcessEnv): Promise<string[]> {
  const { daemons } = await findDaemons(env)
  const named = daemons.map((daemon) => ({ daemon, name: nameOf(daemon, daemons) }))
  const cut = word.indexOf('/')
  if (kind === 'daemon') return named.map(({ name }) => name)
  // Two forms of what has something below it: so no shell takes it for the end of the word.
  if (cut < 0) return named.flatMap(({ name }) => [name, `${name}/`])
  const chosen = named.find(({ daemon, name }) => [name, daemon.name, String(daemon.pid)].includes(word.slice(0, cut)))
  return chosen === undefined ? [] : await below(chosen.daemon, word)
}

// The id alone, where that is enough.
function nameOf({ id, name }: FoundDaemon, daemons: readonly FoundDaemon[]): string {
  return daemons.filter((other) => other.id === id).length === 1 ? id : name
}

async function below(daemon: FoundDaemon, word: string): Promise<string[]> {
  try {
    const { tree } = await new DaemonClient(daemon, PATIENCE_MS).state()
    const typed = word.slice(0, word.lastIndexOf('/'))
    const [first = '', ...rest] = typed.split('/')
    const parent = nodeAt(tree, [tree.id, ...rest].join('/'))
    const shown = ({ address }: TreeNode): string => `${first}${address.slice(tree.id.length)}`
    const children = parent?.children.filter((child) => shown(child).startsWith(word)) ?? []
    return children.slice(0, MOST).flatMap((child) => (child.children.length === 0 ? [shown(child)] : [shown(child), `${shown(child)}/`]))
  } catch {
    return []
  }
}
