// Where a server that listens can be reached from this machine.
import type { AddressInfo } from 'node:net'

/** Its address as a URL, without a trailing slash. */
export function urlOf({ address, port }: AddressInfo, { host, tls }: { readonly host?: string; readonly tls?: object }): string {
  const scheme = tls === undefined ? 'http' : 'https'
  return `${scheme}://${hostName(host, address)}:${port}`
}

// "All addresses" is none that a client could ask for. `::` takes both families, so `localhost` reaches it however it resolves.
function hostName(host: string | undefined, address: string): string {
  if (address === '::') return 'localhost'
  if (address === '0.0.0.0') return '127.0.0.1'
  const name = host ?? address
  return name.includes(':') ? `[${name}]` : name
}
