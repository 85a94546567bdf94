// How each state of a service looks: a shape, a word and a tone; never a colour alone.
import type { DaemonPhase } from '../../observe/picture/picture.js'
import type { PictureNode } from '../../observe/picture/picture-node.js'
import { svg } from './elements-dom.js'

/** The shapes. */
export type IconName = keyof typeof ICONS

/** How something looks. */
export interface Look {
  readonly icon: IconName
  readonly word: string
  readonly tone: 'good' | 'busy' | 'warn' | 'bad' | 'quiet'
}

// In a box of 16 by 16, drawn with a line of 1.6.
const ICONS = {
  ready: 'M8 2a6 6 0 1 0 0 12a6 6 0 1 0 0-12M5.2 8.2l2 2l3.8-4.2',
  starting: 'M8 2a6 6 0 0 1 6 6M14 8a6 6 0 0 1-1.5 4M8 14a6 6 0 0 1-3.5-1.2M2 8a6 6 0 0 1 1.4-3.8M8 5.4v5.2M5.4 8h5.2',
  settling: 'M4 2.5h8M4 13.5h8M4.8 2.5c0 3 3.2 3.4 3.2 5.5s-3.2 2.5-3.2 5.5M11.2 2.5c0 3-3.2 3.4-3.2 5.5s3.2 2.5 3.2 5.5',
  closing: 'M3 8h7M7.2 5l3 3l-3 3M13 3v10',
  stopped: 'M4 4h8v8h-8z',
  unstarted: 'M4 4h2M8 4h2M12 4v2M12 8v2M12 12h-2M8 12h-2M4 12v-2M4 8v-2',
  waiting: 'M8 2a6 6 0 1 0 0 12a6 6 0 1 0 0-12M8 4.8v3.4l2.3 1.6',
  alert: 'M8 2.3l6 11h-12zM8 6.6v3M8 11.4v.2',
  crown: 'M2.8 12h10.4M3 5l2.6 2.6L8 3.6l2.4 4L13 5l-.9 4.6H3.9z',
  open: 'M3 6l5 5l5-5',
  shut: 'M6 3l5 5l-5 5',
  search: 'M7 2.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 1 0 0-9M10.4 10.4l3.4 3.4',
  play: 'M5 3.4v9.2l7.4-4.6z',
  pause: 'M5.4 3.4v9.2M10.6 3.4v9.2',
  back: 'M11 3.4v9.2l-5.6-4.6zM4.2 3.4v9.2',
  next: 'M5 3.4v9.2l5.6-4.6zM11.8 3.4v9.2',
  save: 'M8 2.4v7.4M4.8 7l3.2 3.2l3.2-3.2M2.6 13.4h10.8',
  load: 'M8 10.4v-7.6M4.8 5.8l3.2-3.2l3.2 3.2M2.6 13.4h10.8',
  sun: 'M8 5a3 3 0 1 0 0 6a3 3 0 1 0 0-6M8 1.4v1.4M8 13.2v1.4M1.4 8h1.4M13.2 8h1.4M3.3 3.3l1 1M11.7 11.7l1 1M3.3 12.7l1-1M11.7 4.3l1-1',
  moon: 'M13.4 9.6a6 6 0 0 1-7-7a6 6 0 1 0 7 7z',
  help: 'M5.6 6a2.4 2.4 0 1 1 3.6 2.1c-.8.5-1.2.9-1.2 1.9M8 12.4v.2',
  close: 'M3.6 3.6l8.8 8.8M12.4 3.6l-8.8 8.8',
} as const

/** A shape, for the eye alone: whoever cannot see it has the word beside it. */
export function icon(name: IconName): SVGSVGElement {
  return svg('svg', { class: `icon icon-${name}`, viewBox: '0 0 16 16', 'aria-hidden': 'true' }, svg('path', { d: ICONS[name] }))
}

/** Gives an icon another shape. */
export function reshape(element: SVGSVGElement, name: IconName): void {
  const path = element.firstElementChild
  if (path?.getAttribute('d') === ICONS[name]) return
  path?.setAttribute('d', ICONS[name])
  element.setAttribute('class', `icon icon-${name}`)
}

/** How a service looks. */
export function lookOf({ status, state, incarnation, predecessor }: PictureNode): Look {
  if (predecessor !== undefined) return { icon: 'waiting', word: `waits for #${predecessor}`, tone: 'warn' }
  if (status === 'backing-off') return { icon: 'waiting', word: 'backing off', tone: 'warn' }
  switch (state) {
    case 'starting':
      return { icon: 'starting', word: 'starting', tone: 'busy' }
    case 'ready':
      return { icon: 'ready', word: 'ready', tone: 'good' }
    case 'cancelling':
    case 'settling':
      return { icon: 'settling', word: state, tone: 'warn' }
    case 'closing':
      return { icon: 'closing', word: 'closing', tone: 'warn' }
    default:
      return incarnation === 0
        ? { icon: 'unstarted', word: 'not started', tone: 'quiet' }
        : { icon: 'stopped', word: 'stopped', tone: 'quiet' }
  }
}

const PHASES: Readonly<Record<DaemonPhase, Look>> = {
  starting: { icon: 'starting', word: 'starting', tone: 'busy' },
  ready: { icon: 'ready', word: 'ready', tone: 'good' },
  stopping: { icon: 'settling', word: 'stopping', tone: 'warn' },
  stopped: { icon: 'stopped', word: 'stopped', tone: 'quiet' },
}

/** How the daemon as a whole looks. */
export function lookOfPhase(phase: DaemonPhase): Look {
  return PHASES[phase]
}
