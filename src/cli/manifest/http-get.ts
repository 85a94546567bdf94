// An `httpGet` of a probe or a hook: whom the kubelet asks.
import type { Field } from './field.js'

/** A container's port, by name where it has one. */
export type Port = { readonly name: string | undefined; readonly port: number }

/** Whom the kubelet asks, and for what. */
export interface HttpGet {
  /** Without its query. */
  readonly path: string
  /** Undefined for a name that no port of the container has. */
  readonly port: number | undefined
  /** As written: a number or a name. */
  readonly portText: string
  readonly isHttps: boolean
  /** Undefined for the pod's own address, the default. */
  readonly host: string | undefined
  /** By name, in lower case. */
  readonly headers: ReadonlyMap<string, string>
}

/** Reads an `httpGet`. */
export function readHttpGet(field: Field, ports: readonly Port[]): HttpGet {
  const headers = field.get('httpHeaders').list()
  const port = field.get('port')
  return {
    path: (field.get('path').text() ?? '/').split('?')[0] ?? '/',
    port: portOf(port, ports),
    portText: String(port.value),
    isHttps: field.get('scheme').text()?.toUpperCase() === 'HTTPS',
    host: field.get('host').text(),
    headers: new Map(headers.map((header) => [String(header.get('name').value).toLowerCase(), String(header.get('value').value)])),
  }
}

/** The number of a port that is written as a number or by name. */
export function portOf(field: Field, ports: readonly Port[]): number | undefined {
  const number = field.number() ?? (/^\d+$/.test(String(field.value)) ? Number(field.value) : undefined)
  return number ?? ports.find(({ name }) => name !== undefined && name === field.value)?.port
}
