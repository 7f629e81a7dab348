import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'

/** Below the ports that the system lends to whoever dials (ip(7), `ip_local_port_range`), above those with a name. */
const FIRST = 12_000
const END = 32_000
const MAX_TRIES = 50

/** A port of this machine on which nobody listens yet, and which the system gives to nobody: a program can come back to it. */
export async function freePort(): Promise<number> {
  for (let attempt = 1; attempt <= MAX_TRIES; attempt += 1) {
    const port = randomInt(FIRST, END)
    const server = createServer().listen(port, '127.0.0.1')
    try {
      await once(server, 'listening')
    } catch {
      continue
    }
    server.close()
    await once(server, 'close')
    return port
  }
  throw new Error(`${MAX_TRIES} ports are all in use`)
}
