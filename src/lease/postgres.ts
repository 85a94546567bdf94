// The public door of the lease store in Postgres.
export { type PostgresLeaseOptions, postgresLease } from '../leases/postgres.js'
export type { PostgresClient, PostgresPool, PostgresQueries } from '../leases/postgres-connection.js'
export { type ClientPool, type FenceOptions, fencedTransaction, type TransactionPool } from '../leases/postgres-fence.js'
export { createLeaseTables, type LeaseTableOptions, leaseTablesSql } from '../leases/postgres-tables.js'
export type { PostgresListener } from '../leases/postgres-watch.js'
