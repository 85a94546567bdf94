// What the compiler makes of trees: addresses, references, questions. Never run; test/types.test.ts compiles it.
import { type AddressesOf, createSystem, type Exit, type Report, run, type Service, service, supervisor } from 'quiesce'
import { same } from './same.js'
import { cache, db } from './services.js'

const api = service('api', { uses: { db, cache }, start: () => ({ port: 80 }), requests: { reload: async () => true } })
const web = supervisor('web', { order: 'graph', children: [api] })
const root = supervisor('shop', {
  strategy: 'rest-for-one',
  intensity: { max: 3, within: '5s' },
  backoff: { initial: '100ms', max: '10s' },
  children: [db, cache, web],
})

// --- addresses

same<AddressesOf<typeof root>, 'shop' | 'shop/db' | 'shop/cache' | 'shop/web' | 'shop/web/api'>()
const system = createSystem(root)
same<ReturnType<typeof port>, number>()
function port() {
  return system.ref('shop/web/api').handle.port
}
void system.ref('shop/db').handle.query('x')
void system.ref(api).handle.port

// @ts-expect-error no such address
system.ref('shop/web/apo')
// @ts-expect-error an address begins at the root
system.ref('web/api')
// @ts-expect-error not its handle
void system.ref('shop/web/api').handle.query

// --- questions

const found = system.ref(cache).ask('get', 'key')
same<typeof found, Promise<number | undefined>>()
const byAddress = system.ref('shop/cache').ask('put', { key: 'a', value: 1 }, { timeout: '1s', signal: AbortSignal.timeout(5) })
same<typeof byAddress, Promise<undefined> | Promise<void>>
same<Awaited<ReturnType<typeof reload>>, boolean>()
function reload() {
  return system.ref('shop/web/api').ask('reload', undefined as never)
}

// @ts-expect-error no such request
void system.ref(cache).ask('got', 'key')
// @ts-expect-error not its argument
void system.ref(cache).ask('get', 3)
// @ts-expect-error half an argument
void system.ref(cache).ask('put', { key: 'a' })
// @ts-expect-error a service without requests answers none
void system.ref(db).ask('get', 'key')
// @ts-expect-error not a duration
void system.ref(cache).ask('get', 'key', { timeout: '1 second' })

// --- a system's life

same<ReturnType<typeof system.stop>, Promise<Report>>()
same<typeof system.exit, Exit | undefined>()
void system.start()
void system.stop({ deadline: '5s', reason: 'test' })
void run(root, { grace: '25s' })
// @ts-expect-error not a duration
void run(root, { grace: '25 seconds' })
// @ts-expect-error not a duration
void system.stop({ deadline: 'soon' })

// --- trees that are put together

const more: Service[] = [db, cache]
const loose = supervisor('loose', { children: [...more, web] })
// Of children that are not known one by one, addresses are not known either; the definition still tells the type.
const looseSystem = createSystem(loose)
same<typeof unknownHandle, unknown>()
const unknownHandle = looseSystem.ref('loose/whatever').handle
void looseSystem.ref(api).handle.port
// @ts-expect-error children are services
supervisor('no-services', { children: [() => 1] })
// @ts-expect-error no such strategy
supervisor('no-strategy', { strategy: 'all-for-one', children: [] })
// @ts-expect-error children are not optional
supervisor('childless', {})
// @ts-expect-error durations as everywhere
supervisor('no-duration', { intensity: { max: 1, within: '5 sec' }, children: [] })
