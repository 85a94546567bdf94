// The hook that the kubelet calls before SIGTERM, and how long it takes as far as that can be known.
import type { Field } from './field.js'
import type { Where } from './finding.js'
import { type HttpGet, type Port, readHttpGet } from './http-get.js'

/** A `preStop` hook. */
export interface PreStop {
  readonly at: Where
  readonly httpGet: HttpGet | undefined
  /** The words of an `exec`. */
  readonly command: readonly string[] | undefined
  /** What it sleeps, in milliseconds: by itself, or as far as its command says so. */
  readonly sleepMs: number
  /** Whether it asks for the daemon's `/prestop`, which is answered when `lameDuck` is over. */
  readonly asksPrestop: boolean
  /** Whether its length is known: it only sleeps and asks. */
  readonly isKnown: boolean
}

/** The route that a daemon offers to `preStop` hooks. */
export const PRESTOP_PATH = '/prestop'

const UNITS: Readonly<Record<string, number>> = { '': 1_000, s: 1_000, m: 60_000, h: 3_600_000 }
const SLEEP = /(?:^|[\s;&|(/])sleep\s+(\d+(?:\.\d+)?)([smh]?)(?=$|[\s;&|)])/g
// What takes no time worth counting beside a sleep or a question.
const QUICK = /^(?:(?:\/usr)?\/bin\/)?(?:sleep|curl|wget|echo|true|exec|date|touch)\b/

/** Reads a hook; undefined where there is none. */
export function readPreStop(field: Field, at: Where, ports: readonly Port[]): PreStop | undefined {
  if (!field.exists) return undefined
  const httpGet = field.get('httpGet').exists ? readHttpGet(field.get('httpGet'), ports) : undefined
  const command = field.get('exec').exists
    ? field
        .get('exec', 'command')
        .list()
        .map((word) => String(word.value))
    : undefined
  const text = command?.join(' ') ?? ''
  const asksPrestop = httpGet?.path === PRESTOP_PATH || /\/prestop\b/.test(text)
  const sleepMs = (field.get('sleep', 'seconds').number() ?? 0) * 1_000 + sleepsIn(text)
  const isKnown = command === undefined ? httpGet === undefined || asksPrestop : isOnlyWaiting(command)
  return { at, httpGet, command, sleepMs, asksPrestop, isKnown }
}

function sleepsIn(text: string): number {
  let ms = 0
  for (const [, amount, unit = ''] of text.matchAll(SLEEP)) ms += Number(amount) * (UNITS[unit] ?? 0)
  return ms
}

// `sleep 10`, `sh -c "sleep 10"`, `sh -c "curl …/prestop; sleep 2"`.
function isOnlyWaiting(command: readonly string[]): boolean {
  const script = /(?:^|\/)(?:ba|da|a)?sh$/.test(command[0] ?? '')
    ? command.slice(1).filter((word) => !word.startsWith('-'))
    : [command.join(' ')]
  return script
    .join(' ')
    .split(/&&|\|\||[;|\n]/)
    .map((part) => part.trim())
    .every((part) => part === '' || QUICK.test(part))
}
