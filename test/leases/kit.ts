// The conformance kit of lease stores: every case against every store, and a table of what was found. A case that a store cannot have
// is listed with the reason.
import { randomUUID } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { Bench } from './bench.js'
import type { ConformanceCase } from './case.js'
import { GROUPS } from './groups.js'
import { OUTCOMES, type Row } from './outcomes.js'
import type { Ability, StoreUnderTest } from './store.js'

/** Registers all cases for one kind of store; call it at the top of a test file. The outcomes are kept for `npm run -s leases`. */
export function leaseConformance(name: string, store: StoreUnderTest): void {
  describe(`the lease store ${name}`, () => {
    const rows: Row[] = []
    for (const [group, cases] of Object.entries(GROUPS))
      describe(group, () => {
        for (const one of cases) {
          const row: Row = { group, title: one.title, outcome: 'not run' }
          rows.push(row)
          register(one, store, row)
        }
      })

    test('of every ability that it says it cannot have, some case is left out', () => {
      const needed = new Set(Object.values(GROUPS).flatMap((cases) => cases.flatMap(({ needs = [] }) => needs)))
      // What is only used where it is given is needed by none.
      for (const ability of ['loseAnswer'] as const) needed.add(ability)
      expect(Object.keys(store.cannot).filter((ability) => !needed.has(ability as Ability))).toEqual([])
    })

    afterAll(() => {
      mkdirSync(OUTCOMES, { recursive: true })
      writeFileSync(join(OUTCOMES, `${name}.json`), JSON.stringify(rows))
    })
  })
}

function register(one: ConformanceCase, store: StoreUnderTest, row: Row): void {
  const why = one.needs?.map((ability) => store.cannot[ability]).find((reason) => reason !== undefined)
  if (why !== undefined) {
    row.outcome = why
    test.skip(`${one.title} (not applicable: ${why})`)
    return
  }
  test(one.title, async () => {
    const election = one.election ?? `billing ${randomUUID()}`
    const open = await store.open(election, one.term ?? 0n)
    row.outcome = 'FAILED'
    try {
      await one.run(new Bench(open, election, store.leaseMs))
      row.outcome = 'yes'
    } finally {
      await open.close()
    }
  })
}
