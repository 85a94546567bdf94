// Facts as what was said: who asked whom, who acknowledged, and what each decided by itself. Facts are told by the one they are about;
// who else took part is known from the tree: requests come from a supervisor, acks go to it.
import { addressAbove, idOf } from '../../../base/address.js'
import { formatMs } from '../../../base/duration.js'
import type { WireError, WireFact } from '../../../observe/watch/frames.js'

/** Stands for whatever started the tree, or asked it to stop: what is above the root. */
export const OUTSIDE = ''

/** What an ask has to be answered by. */
type Asked = 'start' | 'stop' | 'kill' | 'shutdown' | 'promotion' | 'step-down'

/** One thing that was said, or done by one alone: then both ends are the same. */
export interface Message {
  readonly seq: number
  readonly at: number
  readonly from: string
  readonly to: string
  /** In a few words, for the arrow. */
  readonly text: string
  readonly tone: 'plain' | 'ok' | 'warn' | 'bad'
  /** The address that the message is about. */
  readonly about: string
  /** What it asks for; undefined when it asks nothing. */
  readonly asks: Asked | undefined
  /** Which asks it answers. */
  readonly answers: readonly Asked[]
  /** Whose life, or which term: an answer belongs to the asks of the same one. */
  readonly life: string
}

type Spoken = Omit<Message, 'seq' | 'at' | 'about' | 'tone' | 'asks' | 'answers' | 'life'> & Partial<Message>

/** What a fact says; undefined for what nobody else is told of. */
export function messageOf(fact: WireFact, seq: number): Message | undefined {
  const spoken = spokenIn(fact)
  if (spoken === undefined) return undefined
  const life = 'incarnation' in fact && fact.incarnation !== undefined ? `#${fact.incarnation}` : 'term' in fact ? `term ${fact.term}` : ''
  return { tone: 'plain', asks: undefined, answers: [], life, seq, at: fact.at, about: fact.address, ...spoken }
}

function spokenIn(fact: WireFact): Spoken | undefined {
  const { address } = fact
  const down = { from: addressAbove(address), to: address }
  const up = { from: address, to: addressAbove(address) }
  const alone = { from: address, to: address }
  switch (fact.type) {
    case 'starting':
      return { ...down, text: fact.incarnation > 1 ? `start #${fact.incarnation}` : 'start', asks: 'start' }
    case 'started':
      return { ...up, text: `started, ${lasted(fact.tookMs)}`, tone: 'ok', answers: ['start'] }
    case 'start-failed':
      return { ...up, text: `start failed: ${wordsOf(fact.error)}`, tone: 'bad', answers: ['start', 'stop', 'kill'] }
    case 'ignored':
      return { ...up, text: 'not wanted', answers: ['start', 'stop', 'kill'] }
    case 'stop-requested':
      return fact.by === 'kill' ? { ...down, text: 'kill', tone: 'bad', asks: 'kill' } : { ...down, text: 'stop', asks: 'stop' }
    case 'stopped':
      return { ...up, ...endIn(fact), answers: ['start', 'stop', 'kill'] }
    case 'crashed':
      return { ...up, text: `crashed: ${wordsOf(fact.error)}`, tone: 'bad' }
    case 'late-ack':
      return { ...up, text: 'over at last', tone: 'warn' }
    case 'draining':
      return { ...alone, text: fact.inFlight > 0 ? `refuses, ${fact.inFlight} in flight` : 'refuses' }
    case 'closing':
      return { ...alone, text: 'closes' }
    case 'forced':
      return { ...alone, text: fact.inFlight > 0 ? `cuts off ${fact.inFlight} in flight` : 'is cut off', tone: 'bad' }
    case 'slow-start':
      return { ...alone, text: `still starting after ${lasted(fact.afterMs)}`, tone: 'warn' }
    case 'health-missed':
      return { ...alone, text: `missed check ${fact.misses} of ${fact.limit}`, tone: 'warn' }
    case 'restarting':
    case 'backing-off':
    case 'gave-up':
    case 'deleted':
      return decidedIn(fact)
    default:
      return ledIn(fact) ?? stoppedIn(fact)
  }
}

type Decided = WireFact & { readonly type: 'restarting' | 'backing-off' | 'gave-up' | 'deleted' }

function decidedIn(fact: Decided): Spoken {
  const { address } = fact
  const supervisor = 'supervisor' in fact ? fact.supervisor : addressAbove(address)
  const name = nameOf(address)
  switch (fact.type) {
    case 'restarting': {
      const window = fact.withinMs === null ? '' : ` in ${lasted(fact.withinMs)}`
      return { from: supervisor, to: supervisor, text: `restarts ${name}, ${fact.count} of ${fact.max}${window}`, tone: 'warn' }
    }
    case 'backing-off':
      return { from: supervisor, to: supervisor, text: `waits ${lasted(fact.delayMs)} to start ${name}`, tone: 'warn' }
    case 'gave-up':
      return { from: address, to: addressAbove(address), text: `gave up: ${wordsOf(fact.error)}`, tone: 'bad' }
    case 'deleted':
      return { from: supervisor, to: supervisor, text: `forgets ${name}` }
  }
}

function ledIn(fact: WireFact): Spoken | undefined {
  const alone = { from: fact.address, to: fact.address }
  switch (fact.type) {
    case 'promoting':
      return { ...alone, text: `is elected, term ${fact.term}`, asks: 'promotion' }
    case 'promoted':
      return { ...alone, text: `leads, term ${fact.term}`, tone: 'ok', answers: ['promotion'] }
    case 'promotion-failed':
      return { ...alone, text: `does not lead: ${fact.phase} failed`, tone: 'bad', answers: ['promotion'] }
    case 'stepping-down':
      return { ...alone, text: `steps down: ${fact.why}`, asks: 'step-down', answers: ['promotion'] }
    case 'stepped-down':
      return { ...alone, text: `stepped down, ${lasted(fact.tookMs)}`, tone: 'ok', answers: ['promotion', 'step-down'] }
    case 'lease-lost':
      return { ...alone, text: `lost its lease: ${fact.why}`, tone: 'bad', answers: ['promotion', 'step-down'] }
    case 'store-unknown':
      return { ...alone, text: `its call to the store failed: ${fact.call}`, tone: 'warn' }
    default:
      return undefined
  }
}

function stoppedIn(fact: WireFact): Spoken | undefined {
  const alone = { from: fact.address, to: fact.address }
  switch (fact.type) {
    case 'shutdown-started': {
      const budget = fact.budgetMs === null ? '' : `, ${lasted(fact.budgetMs)}`
      return { from: OUTSIDE, to: fact.address, text: `stop all (${fact.reason})${budget}`, asks: 'shutdown' }
    }
    case 'shutdown-ended': {
      const { clean, tookMs } = fact.summary
      const text = `${clean ? 'all stopped' : 'stopped, not cleanly'}, ${lasted(tookMs)}`
      return { from: fact.address, to: OUTSIDE, text, tone: clean ? 'ok' : 'bad', answers: ['shutdown'] }
    }
    case 'phase-started':
      return { ...alone, text: `phase: ${fact.phase}` }
    default:
      return undefined
  }
}

function endIn({ ending }: WireFact & { readonly type: 'stopped' }): Pick<Message, 'text' | 'tone'> {
  const { verdict, exit, tookMs, inFlight, forceCancelled } = ending
  const took = lasted(tookMs)
  const cut = forceCancelled > 0 ? `, ${forceCancelled}${forceCancelled < inFlight ? ` of ${inFlight}` : ''} cut off` : ''
  if (verdict === 'abandoned') return { text: `given up, ${took}${cut}`, tone: 'bad' }
  if (verdict === 'killed') return { text: `stopped by force, ${took}${cut}`, tone: 'bad' }
  if (exit.reason === 'crash') return { text: `stopped after its crash, ${took}`, tone: 'warn' }
  const finished = cut === '' && inFlight > 0 ? `, ${inFlight} finished` : ''
  return { text: `stopped, ${took}${cut}${finished}`, tone: cut === '' && verdict === 'acked' ? 'ok' : 'warn' }
}

/** The last part of an address. */
export function nameOf(address: string): string {
  return address === OUTSIDE ? 'process' : idOf(address)
}

function lasted(ms: number | null): string {
  return formatMs(ms ?? Number.POSITIVE_INFINITY)
}

function wordsOf(error: WireError | unknown): string {
  const { message, name } = (typeof error === 'object' ? error : {}) as Partial<WireError>
  const [line = ''] = (message ?? (typeof error === 'string' ? error : '')).split('\n')
  return line === '' ? (name ?? 'an error') : line
}
