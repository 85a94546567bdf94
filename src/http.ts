// The public door of the HTTP adapter.
export type { App, Handler, Listener, RequestContext } from './adapters/http-app.js'
export { type RequestSignals, signalsOf } from './adapters/http-requests.js'
export { type HttpAppOptions, type HttpHandle, type HttpHandlerOptions, type HttpOptions, httpServer } from './adapters/http-server.js'
