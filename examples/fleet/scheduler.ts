// The scheduler: in every daemon there is one, and one of them leads. Only that one has a clerk, made for its term, who works off jobs
// and writes them into the ledger.
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { leader, type Service, service, type Term } from 'quiesce'
import { localLease } from 'quiesce/lease/local'
import type { Ledger } from './ledger.ts'

/** What the leader can do. */
export interface Clerk {
  /** Works off a job; resolves with its number when it is in the ledger. */
  take(job: string): Promise<number>
}

/** The scheduler of the daemon that answers at `url`. */
export function scheduler(url: string, folder: string, ledger: Service<Ledger>) {
  return leader('scheduler', {
    uses: { ledger },
    // The processes of this host compete. The folder outlives them, so terms only grow.
    lease: localLease('scheduler', { directory: join(folder, 'leases') }),
    // Whoever is refused by a standby reads here where to go.
    candidate: url,
    child: (term, { uses }) => {
      // Before anything of this term runs, the ledger refuses whatever may still come from the one before.
      term.registerFence({ name: 'ledger', seal: ({ value }) => uses.ledger.seal(value, url) })
      return clerk(term, url, uses.ledger)
    },
    recover: ({ term, previous }, { uses }) => {
      const isInOrder = previous?.term === term.value - 1n && previous.drained
      const after = isInOrder ? `term ${previous.term} stepped down with nothing in flight` : 'a term that ended without a word'
      const how = term.value === 1n ? 'the first' : `after ${after}`
      uses.ledger.append(term.value, url, `term ${term.value} begins, ${how}`)
    },
  })
}

function clerk(term: Term, url: string, ledger: Ledger): Service<Clerk> {
  return service('clerk', {
    start: (ctx) => {
      const gate = ctx.gate({ capacity: 100 })
      const work = async (job: string, signal: AbortSignal): Promise<number> => {
        await sleep(20 + Math.random() * 80, undefined, { signal })
        // After the last `await`, in the turn of the write: time may have passed that nobody here has noticed.
        term.assert()
        return ledger.append(term.value, url, job)
      }
      return { take: (job) => gate.run(() => term.run(`job ${job}`, (signal) => work(job, signal))) }
    },
  })
}
