// The folder in which the leases of one host are kept: made, checked, and named for sure, since who means another folder by the same
// name does not compete.
import { lstatSync, mkdirSync, realpathSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What a socket's path may be long on Linux, in bytes. */
const LONGEST_PATH = 107

/** The real path of a folder that is there. @throws Error when it cannot be used. */
export function openFolder(directory: string | undefined, longestName: number): string {
  const folder = directory ?? join(tmpdir(), `quiesce-${process.getuid?.() ?? 'user'}`)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  if (directory === undefined) refuseIfForeign(folder)
  const real = realpathSync(folder)
  if (!statSync(real).isDirectory()) throw new Error(`Leases cannot be kept in ${real}: it is no folder.`)
  const bytes = Buffer.byteLength(real) + 1 + longestName
  if (bytes > LONGEST_PATH)
    throw new RangeError(
      `Leases cannot be kept in ${real}: the path of a socket in there would have ${bytes} bytes, ${LONGEST_PATH} are allowed. Take a folder with a shorter path.`,
    )
  return real
}

// Below the temporary folder anybody may make a folder of that name first.
function refuseIfForeign(folder: string): void {
  const found = lstatSync(folder)
  const own = process.getuid?.()
  const mode = found.mode & 0o777
  let problem: string | undefined
  if (!found.isDirectory()) problem = 'it is a link'
  else if (found.uid !== own) problem = `it belongs to user ${found.uid}, not to ${own}`
  else if ((mode & 0o077) !== 0) problem = `others may enter it (mode ${mode.toString(8)})`
  if (problem === undefined) return
  throw new Error(`Leases cannot be kept in ${folder}: ${problem}. Remove it, or give \`localLease\` a \`directory\` that is yours.`)
}
