// Whose a socket is, and who else may use it: what is open to others, or not one's own, is neither asked nor told anything.
import { lstatSync, type Stats } from 'node:fs'
import { dirname } from 'node:path'

const OTHERS = 0o077
const OTHERS_WRITE = 0o022
const STICKY = 0o1000

/** Why the folder of sockets is not to be used; undefined when it is fine, `absent` when it is not there. */
export function folderProblem(folder: string): string | undefined {
  const found = look(folder)
  if (found === undefined) return 'absent'
  if (!found.isDirectory()) return 'it is no folder'
  return foreign(found) ?? ((found.mode & OTHERS) === 0 ? undefined : `others may enter it (mode ${modeOf(found)})`)
}

/** Why a socket is not to be used; undefined when it is fine, `absent` when it is not there. */
export function socketProblem(path: string): string | undefined {
  const found = look(path)
  if (found === undefined) return 'absent'
  if (!found.isSocket()) return 'it is no socket'
  // To connect is to write.
  return foreign(found) ?? ((found.mode & OTHERS_WRITE) === 0 ? undefined : `others may connect to it (mode ${modeOf(found)})`)
}

/** As `socketProblem`, for one outside of the folder for sockets: nobody else may have put it there either. */
export function namedSocketProblem(path: string): string | undefined {
  const problem = socketProblem(path)
  if (problem !== undefined) return problem
  const folder = look(dirname(path))
  if (folder === undefined || (folder.mode & OTHERS_WRITE) === 0 || (folder.mode & STICKY) !== 0) return undefined
  return `others may replace it: its folder has mode ${modeOf(folder)}`
}

/** Whether there is a folder. */
export function isFolder(path: string): boolean {
  return look(path)?.isDirectory() === true
}

function look(path: string): Stats | undefined {
  try {
    return lstatSync(path)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw error
  }
}

// Where there are no users, there is nobody else.
function foreign({ uid }: Stats): string | undefined {
  const own = process.getuid?.()
  return own === undefined || own === uid ? undefined : `it belongs to user ${uid}, not to you (${own})`
}

function modeOf({ mode }: Stats): string {
  return (mode & 0o7777).toString(8)
}
