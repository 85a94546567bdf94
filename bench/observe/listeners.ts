// Who may listen to a daemon, each with the proof that it has done its work.
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { openSync, writeSync } from 'node:fs'
import { trace } from '@opentelemetry/api'
import { NodeTracerProvider, type ReadableSpan } from '@opentelemetry/sdk-trace-node'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import type { FactType } from 'quiesce'
import { metrics } from 'quiesce/metrics'
import { tracing } from 'quiesce/tracing'
import { publishFacts } from '../../src/observe/fact-channels.ts'
import { LOGGED, logFact } from '../../src/observe/log/log-facts.ts'
import { attached, type Counts, type Listen, SERVICES } from './life.ts'

function check(what: string, actual: number | undefined, expected: number | undefined): void {
  if (actual !== expected) throw new Error(`the work was not done: ${what}: ${actual}, not ${expected}`)
}

function countOf(counts: Counts, isOne: (type: FactType) => boolean = () => true): number {
  return Object.entries(counts).reduce((sum, [type, count]) => sum + (isOne(type as FactType) ? count : 0), 0)
}

/** Hears every fact and does nothing with it: what it costs that facts are made at all. */
const feedOnly: Listen = ({ system }) => {
  let heard = 0
  const close = system.on(() => {
    heard += 1
  })
  return { check: (counts) => check('facts', heard, countOf(counts)), close }
}

/** The ring that inspectors and `quiesce top` read from; nobody reads. */
const ring: Listen = ({ watch, system }) => {
  watch.keep()
  const { check: checkFeed, close } = feedOnly({ watch, system } as Parameters<Listen>[0])
  return {
    check: checkFeed,
    close: () => {
      close()
      watch.close()
    },
  }
}

/** The daemon's own lines, written as by default, each at once, though to a device that swallows them. */
const log: Listen = ({ system }) => {
  let lines = 0
  const nowhere = openNowhere()
  const destination = {
    write: (line: string): void => {
      lines += 1
      writeSync(nowhere, line)
    },
  }
  const logger = pino({ base: null, level: 'info' }, destination)
  const close = system.on((fact) => {
    if (LOGGED.has(fact.type)) logFact(logger, fact)
  }, LOGGED)
  const isLine = (type: FactType): boolean => LOGGED.has(type) && !BELOW_INFO.has(type)
  return { check: (counts) => check('lines', lines, countOf(counts, isLine)), close }
}

const BELOW_INFO: ReadonlySet<FactType> = new Set<FactType>(['stop-requested', 'report'])

let nowhere: number | undefined
function openNowhere(): number {
  nowhere ??= openSync('/dev/null', 'w')
  return nowhere
}

const metered: Listen = (observed) => {
  const attachment = metrics({ registry: new Registry() }).attach(observed)
  return attached(attachment, (counts) => {
    const counters = attachment.counters?.() ?? {}
    check('starts counted', counters['worker_started_total'], counts.started)
    check('stops counted', counters['worker_stopped_total'], counts.stopped)
    check('crashes counted', counters['worker_crashes_total'], counts.crashed)
    check('restarts counted', counters['worker_restarts_total'], counts.restarting)
  })
}

/** Spans by OpenTelemetry's own SDK, handed to a processor that only counts them; so many services have one. */
const tracedUpTo =
  (services: number): Listen =>
  (observed) => {
    let spans = 0
    let stops = 0
    const tracerProvider = new NodeTracerProvider({
      spanProcessors: [
        {
          onStart() {},
          onEnd({ name }: ReadableSpan) {
            spans += 1
            if (name === 'shutdown') stops += 1
          },
          forceFlush: () => Promise.resolve(),
          shutdown: () => Promise.resolve(),
        },
      ],
    })
    const attachment = tracing({ tracerProvider, services }).attach(observed)
    return attached(attachment, async () => {
      await attachment.flush?.(1_000)
      check('stops traced', stops, 1)
      if (spans < 2 * Math.min(services, SERVICES)) throw new Error(`the work was not done: ${spans} spans`)
    })
  }

/** Nobody has set up an SDK. */
const untraced: Listen = (observed) => {
  const attachment = tracing({ tracerProvider: trace.getTracerProvider() }).attach(observed)
  return attached(attachment, () => attachment.flush?.(1_000))
}

/** Every fact on a channel of Node's. */
const subscribed: Listen = ({ system }) => {
  let heard = 0
  const listener = (): void => {
    heard += 1
  }
  subscribe('quiesce:fact', listener)
  // A system that was made by `createSystem` publishes by itself.
  const end = 'start' in system ? () => {} : publishFacts(system)
  const close = (): void => {
    unsubscribe('quiesce:fact', listener)
    end()
  }
  return { check: (counts) => check('facts published', heard, countOf(counts)), close }
}

/** By the name in the table; none is what the others are compared with. */
export const LISTENERS: Readonly<Record<string, Listen | undefined>> = {
  none: undefined,
  'feed only': feedOnly,
  'feed and ring': ring,
  metrics: metered,
  log,
  'traces of 500 services, the default': tracedUpTo(500),
  'traces of every service': tracedUpTo(SERVICES),
  'traces without an SDK': untraced,
  'a channel with a subscriber': subscribed,
}
