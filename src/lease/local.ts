// The public door of the lease store of one host.
export { type LocalLeaseOptions, localLease } from '../leases/local.js'
