// Distance between two ends on one machine: every byte, every end and every reset arrives so much later, in the order in which it left.
import net from 'node:net'

export interface DelayProxy extends AsyncDisposable {
  readonly port: number
}

/** Opens a proxy on a free port of 127.0.0.1, so many milliseconds away from the port behind it, each way. */
export async function delayProxy(target: number, delayMs: number): Promise<DelayProxy> {
  const sockets = new Set<net.Socket>()
  const keep = (socket: net.Socket): void => {
    sockets.add(socket.setNoDelay(true))
    socket.on('close', () => sockets.delete(socket))
  }
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    const far = net.connect({ port: target, host: '127.0.0.1', allowHalfOpen: true })
    keep(near)
    keep(far)
    carry(near, far, delayMs)
    carry(far, near, delayMs)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as net.AddressInfo).port,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

function carry(from: net.Socket, to: net.Socket, delayMs: number): void {
  // Timers of one duration fire in the order in which they were set.
  const later = (what: () => void): void => void setTimeout(what, delayMs)
  from.on('data', (bytes) => later(() => to.writable && to.write(bytes)))
  from.on('end', () => later(() => to.end()))
  // A connection that is reset, or could not be made: whatever the other end sends meanwhile meets the reset half-way.
  from.on('error', () => later(() => to.resetAndDestroy()))
}
