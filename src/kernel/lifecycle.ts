// The life of one incarnation as a statechart. The machine declares its effects by name and performs none: the incarnation does.
import { setup } from 'xstate'
import type { Exit } from '../protocol/exit.js'

/** What the incarnation does when the machine says so. */
export type Effect = 'start' | 'ackStarted' | 'abortStart' | 'refuse' | 'settle' | 'close' | 'abort' | 'letGo' | 'ackStopped'

/** What can happen to an incarnation. The ones that may be the last carry the exit. */
export type LifecycleEvent =
  | { readonly type: 'started' }
  | { readonly type: 'stop' }
  | { readonly type: 'crash' }
  | { readonly type: 'ended' }
  | { readonly type: 'settled' }
  | { readonly type: 'hurry' }
  | { readonly type: 'failed'; readonly exit: Exit }
  | { readonly type: 'expired'; readonly exit: Exit }
  | { readonly type: 'kill'; readonly exit: Exit }
  | { readonly type: 'closed'; readonly exit: Exit }

const performedByTheIncarnation = (): void => {}

/** starting → ready → draining (cancelling, settling, closing) → stopped. The same for every service and every supervisor. */
export const lifecycle = setup({
  types: { events: {} as LifecycleEvent, output: {} as Exit },
  actions: {
    start: performedByTheIncarnation,
    ackStarted: performedByTheIncarnation,
    abortStart: performedByTheIncarnation,
    refuse: performedByTheIncarnation,
    settle: performedByTheIncarnation,
    close: performedByTheIncarnation,
    abort: performedByTheIncarnation,
    letGo: performedByTheIncarnation,
    ackStopped: performedByTheIncarnation,
  },
}).createMachine({
  id: 'service',
  initial: 'starting',
  output: ({ event }) => event.output as Exit,
  states: {
    starting: {
      entry: 'start',
      on: {
        started: { target: 'ready', actions: 'ackStarted' },
        failed: 'stopped',
        stop: 'draining.cancelling',
        crash: 'draining.cancelling',
        expired: 'draining.cancelling',
        kill: { target: 'stopped', actions: ['abort', 'letGo'] },
      },
    },
    ready: {
      tags: 'ready',
      on: {
        stop: 'draining.settling',
        ended: 'draining.closing',
        crash: 'draining.closing',
        kill: { target: 'stopped', actions: ['abort', 'letGo'] },
      },
    },
    draining: {
      entry: 'refuse',
      initial: 'settling',
      states: {
        cancelling: {
          entry: 'abortStart',
          on: {
            started: 'closing',
            failed: '#service.stopped',
            expired: { target: '#service.stopped', actions: 'letGo' },
            kill: { target: '#service.stopped', actions: 'letGo' },
          },
        },
        settling: {
          entry: 'settle',
          on: {
            settled: 'closing',
            crash: 'closing',
            hurry: { target: 'closing', actions: 'abort' },
            expired: { target: 'closing', actions: 'abort' },
            kill: { target: '#service.stopped', actions: ['abort', 'letGo'] },
          },
        },
        closing: {
          entry: 'close',
          on: {
            closed: '#service.stopped',
            expired: { target: '#service.stopped', actions: ['abort', 'letGo'] },
            kill: { target: '#service.stopped', actions: ['abort', 'letGo'] },
          },
        },
      },
    },
    stopped: {
      type: 'final',
      entry: 'ackStopped',
      output: ({ event }) => ('exit' in event ? event.exit : undefined),
    },
  },
})
