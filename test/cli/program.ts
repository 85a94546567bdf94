// The program itself, as users start it: built, in a process of its own, in a project that has the package installed.
import { spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { ROOT } from '../house/sources.js'
import { DaemonProcess, temporaryFolder } from '../support/daemon-process.js'

/** The program. */
export const PROGRAM = join(ROOT, 'dist/cli/main.js')

/** How it is started. */
export interface How {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
  /** Flags for Node itself. */
  readonly node?: readonly string[]
  /** What it reads on standard input. */
  readonly input?: string
}

/** What it came to. */
export interface Came {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs the program to its end. */
export async function quiesce(args: readonly string[], how: How): Promise<Came> {
  const child = spawn(process.execPath, [...(how.node ?? []), program(), ...args], { cwd: how.cwd, env: environment(how), stdio: 'pipe' })
  child.stdin.end(how.input ?? '')
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  return { code, stdout, stderr }
}

/** Starts the program as a daemon. It is ended with the test at the latest. */
export function daemon(args: readonly string[], how: How): DaemonProcess {
  return new DaemonProcess(
    spawn(process.execPath, [...(how.node ?? []), program(), ...args], { cwd: how.cwd, env: environment(how), stdio: 'pipe' }),
  )
}

/** A project with these files, in which `quiesce` is installed: linked, or as a copy of its own. It goes away with the test. */
export function project(files: Readonly<Record<string, string>>, installed: 'linked' | 'copied' = 'linked'): string {
  const folder = temporaryFolder()
  const modules = join(folder, 'node_modules')
  mkdirSync(modules)
  if (installed === 'linked') symlinkSync(ROOT, join(modules, 'quiesce'))
  else copyPackage(modules)
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content)
  return folder
}

function copyPackage(modules: string): void {
  for (const part of ['package.json', 'dist']) cpSync(join(ROOT, part), join(modules, 'quiesce', part), { recursive: true })
  for (const name of ['eventemitter3', 'pino', 'xstate']) symlinkSync(join(ROOT, 'node_modules', name), join(modules, name))
}

function program(): string {
  if (!existsSync(PROGRAM)) throw new Error('dist/cli/main.js is missing: these tests start the built program. Run: npm run build')
  return PROGRAM
}

/**
 * What was printed, without what was measured: on a busy machine milliseconds become seconds, and of a limit of 20 s 19.99 are left when
 * it is told. Limits that are only repeated stay.
 */
export function withoutTimes(printed: string): string {
  return printed.replace(/\+\d+\.\d+ s\b/g, '+N').replace(/(?<! of | within )\b(?:\d+ ms|\d+\.\d\d s|\d+ min \d+ s)\b/g, 'N')
}

// What the developer's own shell has set must not decide.
function environment({ env }: How): NodeJS.ProcessEnv {
  const { NODE_ENV, NODE_OPTIONS, QUIESCE_REPORT, QUIESCE_PRESTOP_TOKEN, KUBERNETES_SERVICE_HOST, npm_lifecycle_event, ...rest } =
    process.env
  return { ...rest, ...env }
}
