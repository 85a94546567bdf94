// The database as a service: an embedded SQLite file through libsql. What `add` has returned from is on disk.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'libsql'
import { service } from 'quiesce'

export interface Order {
  readonly id: string
  readonly item: string
}

/** The handle that other services use. */
export interface Orders {
  /** Writes an order down; the second time with the same id changes nothing. */
  add(order: Order): void
  /** The oldest orders that nobody has worked off. */
  pending(limit: number): Order[]
  /** Works off one order, exactly once: the note and the mark are one transaction. */
  fulfil(id: string): void
  count(): { readonly onDisk: number; readonly fulfilled: number; readonly fulfilledTwice: number }
}

export function ordersDatabase(folder: string) {
  return service('orders', {
    start: (ctx) => {
      mkdirSync(folder, { recursive: true })
      const db = new Database(join(folder, 'shop.db'))
      ctx.defer(() => db.close())
      db.exec(`
        pragma journal_mode = wal;
        pragma busy_timeout = 2000;
        create table if not exists orders (id text primary key, item text not null, fulfilled integer not null default 0);
        create index if not exists pending on orders (fulfilled) where fulfilled = 0;
        create table if not exists shipments (order_id text not null);
      `)
      return handle(db)
    },
  })
}

function handle(db: Database.Database): Orders {
  const insert = db.prepare('insert into orders (id, item) values (?, ?) on conflict (id) do nothing')
  const pending = db.prepare('select id, item from orders where fulfilled = 0 limit ?')
  const mark = db.prepare('update orders set fulfilled = 1 where id = ? and fulfilled = 0')
  const ship = db.prepare('insert into shipments (order_id) values (?)')
  const counts = db.prepare(`
    select (select count(*) from orders) as onDisk,
           (select count(*) from shipments) as fulfilled,
           (select count(*) from (select 1 from shipments group by order_id having count(*) > 1)) as fulfilledTwice
  `)
  const fulfil = db.transaction((id: string) => {
    if (mark.run(id).changes === 1) ship.run(id)
  })
  return {
    add: ({ id, item }) => void insert.run(id, item),
    pending: (limit) => pending.all(limit) as Order[],
    fulfil: (id) => void fulfil(id),
    count: () => {
      const { onDisk, fulfilled, fulfilledTwice } = counts.get() as ReturnType<Orders['count']>
      return { onDisk, fulfilled, fulfilledTwice }
    },
  }
}
