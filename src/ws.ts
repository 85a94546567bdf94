// The public door of the WebSocket adapter, for those who have installed ws.
export type { Message, SocketContext, WebSocketOptions, WebSocketTuning } from './adapters/ws-options.js'
export { type WebSocketHandle, webSocketServer } from './adapters/ws-server.js'
