// What the compiler makes of leaders: the child's handle, what is used, what can be asked. Never run; test/types.test.ts compiles it.
import { createSystem, type HandleOf, type Leadership, type Lease, leader, service, supervisor, type Term } from 'quiesce'
import { same } from './same.js'

declare const lease: Lease
const db = service('db', { start: () => ({ query: (text: string) => text.length }) })
const jobs = leader('jobs', {
  uses: { db },
  lease: ({ uses }) => {
    same<typeof uses.db.query, (text: string) => number>()
    return lease
  },
  recover: ({ term, checkpoint }, { uses }) => {
    same<typeof term, Term>()
    same<typeof checkpoint, string | undefined>()
    return uses.db.query('unfinished')
  },
  child: (term, { uses }) => service('work', { start: () => ({ count: async () => term.run('count', () => uses.db.query('jobs')) }) }),
})

same<HandleOf<typeof jobs>, Leadership<{ count: () => Promise<number> }>>()

const board = service('board', {
  uses: { jobs },
  start: ({ uses }) => {
    same<typeof uses.jobs.term, bigint | undefined>()
    return uses.jobs.get().count()
  },
})
const system = createSystem(supervisor('app', { children: [db, jobs, board] }))
const promoted = system.ref(jobs).promote()
same<typeof promoted, Promise<bigint>>()
void system.ref(jobs).stepDown({ to: 'other', deadline: '5s' })
// @ts-expect-error a leader's reference has no children to start
system.ref(jobs).startChild
// @ts-expect-error a service cannot be promoted
system.ref(db).promote
// @ts-expect-error there is no lease
leader('jobs', { child: () => db })
// @ts-expect-error a child is made for a term
leader('jobs', { lease, child: db })
leader('jobs', {
  lease,
  child: (term) => {
    // @ts-expect-error a term is a bigint
    same<typeof term.value, number>()
    return db
  },
})
