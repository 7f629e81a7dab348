import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

export interface HalfDeafProxy extends AsyncDisposable {
  /** HOST:PORT */
  readonly address: string
}

/**
 * Passes bytes both ways, and keeps the end of the far side to itself: whoever dialled it believes in a link whose other end is
 * long dead, as behind a router that lost power.
 */
export async function startHalfDeafProxy(farPort: number): Promise<HalfDeafProxy> {
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect(farPort, '127.0.0.1')
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.once('close', () => sockets.delete(socket))
    }
    near.pipe(far)
    far.pipe(near, { end: false })
    far.once('close', () => near.unpipe(far).resume())
    near.once('close', () => far.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    address: `127.0.0.1:${address.port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
