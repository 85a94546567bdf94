// Who asked whom and who has not answered, read off the facts of random runs.

import { describe, expect, test } from 'vitest'
import { addressAbove } from '../../src/base/address.js'
import { type Message, messageOf, OUTSIDE } from '../../src/inspect/page/sequence/messages.js'
import { isOwed, type Sequence, sequenceAt } from '../../src/inspect/page/sequence/rows.js'
import { Story } from '../../src/inspect/page/sequence/story.js'
import { Picture } from '../../src/observe/picture/picture.js'
import type { FactFrame, WireFact } from '../../src/observe/watch/frames.js'
import { eachRun } from './scenario-run.js'

const shown = { seq: Number.POSITIVE_INFINITY, children: [], mostLifelines: 8, isUnfolded: true }

function told(facts: readonly FactFrame[], address: string): Story {
  const story = new Story(address)
  story.take({ all: facts })
  return story
}

function factFrame(seq: number, type: string, more: object = {}): FactFrame {
  const fact = { type, at: seq * 10, address: 'shop/db', incarnation: 1, ...more } as unknown as WireFact
  return { type: 'fact', seq, fact }
}

const messages = ({ rows }: Sequence): Message[] => rows.flatMap((row) => (row.kind === 'message' ? [row.message] : []))

describe('in any run', () => {
  test('every ask is answered by a later word of the same life, or is open; nothing is open once all has stopped', async () => {
    let answered = 0
    await eachRun(({ facts, last }) => {
      const picture = Picture.of(last)
      for (const address of picture.nodes.keys()) {
        const story = told(facts, address)
        for (const { message, answer } of story.exchanges) {
          if (message.asks === undefined) expect(answer).toBeUndefined()
          if (message.asks === undefined || answer === undefined) continue
          answered += 1
          expect([answer.about, answer.life]).toEqual([message.about, message.life])
          expect(answer.answers).toContain(message.asks)
          // Whoever is found dead is asked after its end.
          if (message.asks !== 'stop' && message.asks !== 'kill') expect(answer.seq).toBeGreaterThan(message.seq)
        }
        const { open } = sequenceAt(story, shown)
        expect(open.filter((message) => isOwed(message, picture))).toEqual([])
      }
    })
    expect(answered).toBeGreaterThan(200)
  })

  test('at every moment what is owed is owed by somebody who is starting or has not stopped', async () => {
    let owed = 0
    await eachRun(({ first, facts }) => {
      const picture = Picture.of(first)
      const story = told(facts, picture.root)
      for (const { fact, seq } of facts) {
        picture.apply(fact, seq)
        const { open } = sequenceAt(story, { ...shown, seq })
        for (const message of open) {
          const node = picture.nodes.get(message.about)
          if (node === undefined || message.asks === 'shutdown' || !isOwed(message, picture)) continue
          owed += 1
          if (message.asks === 'start') expect(['starting', 'cancelling']).toContain(node.state)
          else expect(node.state).not.toBe('stopped')
        }
      }
    })
    expect(owed).toBeGreaterThan(200)
  })

  test('requests go down, answers go up, and both ends are lifelines', async () => {
    await eachRun(({ facts, last }) => {
      for (const address of Picture.of(last).nodes.keys()) {
        const sequence = sequenceAt(told(facts, address), shown)
        const known = new Set(sequence.lifelines.map((lifeline) => lifeline.address))
        for (const { from, to, asks, answers, about } of messages(sequence)) {
          if (from === to) continue
          if (asks !== undefined) expect([from, to]).toEqual([about === to && asks === 'shutdown' ? OUTSIDE : addressAbove(about), about])
          if (answers.length > 0) expect(to).toBe(answers.includes('shutdown') ? OUTSIDE : addressAbove(about))
          if (!known.has(undefined)) expect([known.has(from), known.has(to)]).toEqual([true, true])
        }
      }
    })
  })
})

describe('a story', () => {
  const started = [factFrame(1, 'starting'), factFrame(2, 'started', { tookMs: 10 })]
  const asked = [...started, factFrame(3, 'stop-requested', { by: 'shutdown' })]

  test('has an open ask until its answer has come, also when one looks back', () => {
    const facts = [
      ...asked,
      factFrame(4, 'stopped', { ending: { verdict: 'acked', exit: { reason: 'shutdown' }, tookMs: 10, inFlight: 0, forceCancelled: 0 } }),
    ]
    const story = told(facts, 'shop')
    expect(sequenceAt(story, { ...shown, seq: 3 }).open.map(({ asks }) => asks)).toEqual(['stop'])
    expect(sequenceAt(story, { ...shown, seq: 4 }).open).toEqual([])
    expect(messages(sequenceAt(story, shown)).map(({ text }) => text)).toEqual(['start', 'started, 10 ms', 'stop', 'stopped, 10 ms'])
  })

  test('reads what is new, and begins again when facts were forgotten', () => {
    const story = new Story('shop')
    story.take({ all: started })
    story.take({ all: asked })
    expect(story.exchanges.map(({ message }) => message.seq)).toEqual([1, 2, 3])
    expect([story.continues({ all: asked }), story.continues({ all: asked.slice(1) }), story.continues({ all: started })]).toEqual([
      true,
      false,
      false,
    ])
  })

  test('is another where another run has told as much and more, by the same numbers', () => {
    const story = new Story('shop')
    story.take({ all: started })
    expect(story.continues({ all: asked.map((frame) => ({ ...frame })) })).toBe(false)
  })

  test('does not wait for an answer that was lost', () => {
    const node = { state: 'ready', incarnation: 1 }
    const picture = { nodes: new Map([['shop/db', node]]), root: 'shop', phase: 'ready' } as unknown as Picture
    const [start] = sequenceAt(told(started.slice(0, 1), 'shop'), shown).open
    expect(start !== undefined && isOwed(start, picture)).toBe(false)
  })

  test('leaves out what grandchildren and siblings say', () => {
    const others = [
      factFrame(1, 'starting', { address: 'shop/a/b' }),
      factFrame(2, 'starting', { address: 'shop/c' }),
      factFrame(3, 'starting', { address: 'shop/a' }),
    ]
    expect(told(others, 'shop/a').exchanges.map(({ message }) => message.about)).toEqual(['shop/a/b', 'shop/a'])
    expect(told(others, 'shop').exchanges.map(({ message }) => message.about)).toEqual(['shop/c', 'shop/a'])
  })
})

describe('a long one', () => {
  const many = Array.from({ length: 500 }, (_, index) => factFrame(index + 1, 'starting', { address: `shop/s${index}` }))
  const story = told(many, 'shop')

  test('is folded but for its beginning, its end and what is open', () => {
    const answered = many.flatMap(({ seq, fact }) => [
      factFrame(seq * 2, 'starting', { address: fact.address }),
      factFrame(seq * 2 + 1, seq === 100 ? 'slow-start' : 'started', { address: fact.address, tookMs: 1, afterMs: 1 }),
    ])
    const { rows } = sequenceAt(told(answered, 'shop'), { ...shown, isUnfolded: false })
    expect(rows.length).toBe(62)
    expect(rows[10]).toEqual({ kind: 'fold', count: 939 })
    expect(rows[11]).toMatchObject({ message: { about: 'shop/s99', asks: 'start' } })
    expect(sequenceAt(told(answered, 'shop'), shown).rows.length).toBe(1_000)
  })

  test('has lifelines for those who owe an answer and those who spoke last, and one for all others', () => {
    const { lifelines } = sequenceAt(story, { ...shown, mostLifelines: 5, children: many.map(({ fact }) => fact.address) })
    expect(lifelines).toEqual([
      { address: 'shop', count: 1 },
      ...['s0', 's1', 's2'].map((id) => ({ address: `shop/${id}`, count: 1 })),
      { address: undefined, count: 497 },
    ])
  })
})

test('what a fact says is short and whole', () => {
  const say = (type: string, more: object = {}): string | undefined => messageOf(factFrame(1, type, more).fact, 1)?.text
  const ending = { verdict: 'acked', exit: { reason: 'shutdown' }, tookMs: 1_200, inFlight: 6, forceCancelled: 0 }
  expect(say('stopped', { ending })).toBe('stopped, 1.20 s, 6 finished')
  expect(say('stopped', { ending: { ...ending, forceCancelled: 2 } })).toBe('stopped, 1.20 s, 2 of 6 cut off')
  expect(say('stopped', { ending: { ...ending, verdict: 'abandoned' } })).toBe('given up, 1.20 s')
  expect(say('crashed', { error: { name: 'Error', message: 'lost it\nat…', causes: [] } })).toBe('crashed: lost it')
  expect(say('restarting', { supervisor: 'shop', count: 2, max: 3, withinMs: 5_000 })).toBe('restarts db, 2 of 3 in 5.00 s')
  expect(say('backing-off', { supervisor: 'shop', delayMs: 200 })).toBe('waits 200 ms to start db')
  expect(say('promoted', { term: '7', tookMs: 3 })).toBe('leads, term 7')
  expect(say('shutdown-started', { address: 'shop', reason: 'SIGTERM', budgetMs: null })).toBe('stop all (SIGTERM)')
  expect(say('request-failed', { error: {} })).toBeUndefined()
})
