// What errors of Postgres and of Node mean: certainly not applied, or unknown.
import { expect, test } from 'vitest'
import { StoreRefusedError, StoreUnknownError } from '../../src/base/leadership-errors.js'
import { explain } from '../../src/leases/postgres-errors.js'

const statement = { election: 'billing', call: 'renew', shown: 'quiesce_lease' }
const errorOf = (code: unknown): Error => Object.assign(new Error('said the driver'), { code })

test.each([
  '42P01', // no such table
  '42501', // no privilege
  '25006', // read-only
  '55P03', // lock timeout
  '57014', // statement timeout
  '40001', // serialization
  '40P01', // deadlock
  '53300', // too many connections
  '22021', // a character that the encoding has not
  'P0001', // raised by a trigger
])('%s: the server has taken it back', (code) => {
  const error = explain(errorOf(code), statement)
  expect(error).toBeInstanceOf(StoreRefusedError)
  expect(error.message).toMatch(/billing refused "renew", nothing was applied: said the driver \(SQLSTATE/)
})

test.each([
  undefined, // a connection that broke, as pg says it
  17,
  'EPIPE',
  'ECONNRESET',
  'ETIMEDOUT',
  '08006', // connection failure
  '40003', // completion unknown, says the server
  '57P01', // shut down by an administrator
  '57P02', // crash of another backend
  '58030', // disk
  'XX000', // internal
])('%s: nobody knows', (code) => {
  const error = explain(errorOf(code), statement)
  expect(error).toBeInstanceOf(StoreUnknownError)
  expect(error.cause).toMatchObject({ message: 'said the driver' })
})

test('what is no error at all is unknown too', () => {
  expect(explain('gone', statement)).toBeInstanceOf(StoreUnknownError)
  expect(explain(undefined, statement)).toBeInstanceOf(StoreUnknownError)
})
