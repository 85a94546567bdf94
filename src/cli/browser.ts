// Opens an address in the browser of whoever sits at this machine.
import { spawn } from 'node:child_process'

const OPENERS: Readonly<Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>>> = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
}

/** Opens it; resolves with what is wrong, or undefined. */
export function openInBrowser(url: string): Promise<string | undefined> {
  const [program, ...args] = OPENERS[process.platform] ?? ['xdg-open']
  return new Promise((resolve) => {
    // Without a shell: the address is one word, whatever stands in it.
    const child = spawn(program, [...args, url], { stdio: 'ignore', detached: true })
    child.once('error', () => resolve(`${program} is not there: open the address yourself`))
    child.once('spawn', () => {
      child.unref()
      resolve(undefined)
    })
  })
}
