// What `quiesce/ws` needs of the package `ws`. It is asked for when this file is loaded, so that who forgot it is told at once.
import { loadWs } from './ws-package.js'

export const { WebSocketServer } = loadWs('quiesce/ws')
