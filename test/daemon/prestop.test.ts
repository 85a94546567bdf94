// Who may announce a stop, and what they are told.
import { expect, test } from 'vitest'
import { type Log, silentLog } from '../../src/base/log.js'
import { prestopRoute } from '../../src/daemon/prestop.js'
import { TOKEN_HEADER } from '../../src/observe/token.js'

function rig(token = 'swordfish') {
  const warned: string[] = []
  const warn = (fields: object | string, message?: string): void => void warned.push(message ?? String(fields))
  const log: Log = { ...silentLog, warn }
  let calls = 0
  const prestop = async () => {
    calls += 1
    return { outcome: 'began', waitedMs: 7 } as const
  }
  const route = prestopRoute({ token, log, prestop })
  const ask = async (headers: Record<string, string>, method = 'GET') =>
    await route(new Request('http://localhost/prestop', { method, headers }))
  return { ask, warned, calls: () => calls }
}

test.each(['GET', 'POST'])('%s with the token: 200, what happened and how long it waited', async (method) => {
  const { ask, calls, warned } = rig()
  const answer = await ask({ [TOKEN_HEADER]: 'swordfish' }, method)
  expect([answer.status, await answer.json()]).toEqual([200, { status: 'began', waitedMs: 7 }])
  expect([calls(), warned]).toEqual([1, []])
})

test('without the token, or with another one: 403, nothing happens, one line for all of them', async () => {
  const { ask, calls, warned } = rig()
  const wrong = ['', 'Swordfish', 'swordfis', 'swordfishes', 'swordfish, swordfish']
  const answers = [await ask({}), ...(await Promise.all(wrong.map((token) => ask({ [TOKEN_HEADER]: token }))))]
  expect(answers.map(({ status }) => status)).toEqual(Array(wrong.length + 1).fill(403))
  expect(await answers[0]?.json()).toEqual({ status: 'forbidden' })
  expect(calls()).toBe(0)
  expect(warned).toEqual(['a /prestop was refused: its x-quiesce-token was missing or wrong; further refusals are not logged'])
})

test('a token is compared by its bytes as they are sent', async () => {
  const { ask } = rig('schlüssel')
  expect((await ask({ [TOKEN_HEADER]: Buffer.from('schlüssel').toString('latin1') })).status).toBe(200)
  expect((await ask({ [TOKEN_HEADER]: 'schlüssel' })).status).toBe(403)
})

test('HEAD, which must not change anything, is refused before its token is looked at', async () => {
  const { ask, calls, warned } = rig()
  const answer = await ask({ [TOKEN_HEADER]: 'swordfish' }, 'HEAD')
  expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, POST'])
  expect([calls(), warned]).toEqual([0, []])
})
