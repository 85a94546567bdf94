import type { IncomingMessage, Server, ServerResponse } from 'node:http'

export function work(url: string): Promise<string>
export function listener(req: IncomingMessage, res: ServerResponse): Promise<void>
export const lameDuckMs: number
export function lameDuck(): Promise<void>
export function serving(port: number, readyz?: string): void
export function serve(server: Server): void
