// Requests as fast as the server takes them, over raw keep-alive connections: parsing answers must cost less than making them.
import { once } from 'node:events'
import net from 'node:net'

const REQUEST = 'GET / HTTP/1.1\r\nHost: bench\r\n\r\n'
const END = 'hello'

/** Sends `count` requests over `connections`, one after another on each; resolves when every answer is there. @throws Error for a wrong answer. */
export async function load(port: number, connections: number, count: number): Promise<void> {
  const sockets = await Promise.all(Array.from({ length: connections }, () => connect(port)))
  let left = count
  const one = (socket: net.Socket): Promise<void> =>
    new Promise((resolve, reject) => {
      const next = (): void => {
        if (left === 0) return resolve()
        left -= 1
        socket.write(REQUEST)
      }
      socket.on('data', (data: string) => {
        if (!data.startsWith('HTTP/1.1 200') || !data.endsWith(END)) return reject(new Error(`not one whole answer: ${data}`))
        next()
      })
      socket.on('close', () => reject(new Error('the server closed a connection under load')))
      next()
    })
  try {
    await Promise.all(sockets.map(one))
  } finally {
    for (const socket of sockets) socket.destroy()
  }
}

async function connect(port: number): Promise<net.Socket> {
  const socket = net.connect({ port, host: '127.0.0.1', noDelay: true })
  socket.setEncoding('latin1')
  await once(socket, 'connect')
  return socket
}
