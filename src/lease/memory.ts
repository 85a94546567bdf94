// The public door of the lease store in memory.
export { type MemoryLeaseOptions, memoryLease } from '../leases/memory.js'
