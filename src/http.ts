// The public door of the HTTP adapter.
export type { App, Handler, Listener, RequestContext, UpgradeHandler } from './adapters/http-app.js'
export type { FetchApp, FetchEnv } from './adapters/http-fetch.js'
export type { HttpAppOptions, HttpHandlerOptions, HttpOptions, UpgradeOptions } from './adapters/http-options.js'
export { type RequestSignals, signalsOf } from './adapters/http-requests.js'
export { type HttpHandle, httpServer } from './adapters/http-server.js'
