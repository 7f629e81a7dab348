import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as after } from 'node:timers/promises'
import { Gate } from './gate.ts'

/** One direction of every link: towards the far side, or back. Faults hold from the next piece of bytes on. */
export class Way {
  /** Closed, it keeps the bytes that come, as a network does that loses every packet until it heals. */
  readonly gate = new Gate()
  /** How long each piece of bytes is on its way. */
  delayMs = 0
  /** Undefined for as fast as it goes. */
  bytesPerSecond: number | undefined
  /** How many bytes still leave one by one, each in a packet of its own. */
  splitBytes = 0
  /** One bit is turned over, this many bytes from now on. */
  corruptAfterBytes: number | undefined
  /** What came through. */
  bytes = 0

  heal(): void {
    this.delayMs = 0
    this.bytesPerSecond = undefined
    this.splitBytes = 0
    this.corruptAfterBytes = undefined
    this.gate.open()
  }
}

/** A TCP proxy in front of one port of this machine, with all that a bad network does to a stream of bytes. */
export class LinkProxy implements AsyncDisposable {
  readonly there = new Way()
  readonly back = new Way()
  /** Where links lead from now on; a program that started again has another. */
  farPort: number
  /** New links are refused. */
  isRefusing = false
  /** Neither side hears when the other is gone, as behind a router that lost power. */
  isDeaf = false
  readonly #server: Server
  readonly #links = new Set<Socket>()
  #dials = 0

  private constructor(server: Server, farPort: number) {
    this.#server = server
    this.farPort = farPort
    server.on('connection', (near) => this.#accept(near))
  }

  static async start(farPort: number): Promise<LinkProxy> {
    const server = createServer({ noDelay: true, allowHalfOpen: true }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new LinkProxy(server, farPort)
  }

  /** HOST:PORT */
  get address(): string {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('the proxy does not listen')
    return `127.0.0.1:${address.port}`
  }

  /** How many links were asked for. */
  get dials(): number {
    return this.#dials
  }

  /** How many links lead through it now. */
  get links(): number {
    return this.#links.size / 2
  }

  /** Every link breaks at once; what was on its way is lost. */
  cut(): void {
    for (const socket of this.#links) socket.resetAndDestroy()
  }

  heal(): void {
    this.isRefusing = false
    this.isDeaf = false
    this.there.heal()
    this.back.heal()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.heal()
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.cut()
    await closed
  }

  #accept(near: Socket): void {
    this.#dials += 1
    near.on('error', () => undefined)
    if (this.isRefusing) {
      near.resetAndDestroy()
      return
    }
    const far = connect({ port: this.farPort, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
    for (const socket of [near, far]) {
      this.#links.add(socket)
      socket.on('error', () => undefined).once('close', () => this.#links.delete(socket))
    }
    const mayEnd = () => !this.isDeaf
    near.once('close', () => {
      if (mayEnd()) far.destroy()
    })
    far.once('close', () => {
      if (mayEnd()) near.destroy()
    })
    void carry(near, far, this.there, mayEnd)
    void carry(far, near, this.back, mayEnd)
  }
}

/** Until one of them is gone. */
async function carry(from: Socket, to: Socket, way: Way, mayEnd: () => boolean): Promise<void> {
  try {
    for await (const chunk of from) {
      if (Buffer.isBuffer(chunk)) await pass(chunk, to, way)
    }
    await way.gate.pass()
    if (mayEnd()) to.end()
  } catch {
    // A link that breaks is what the proxy is for; both ends hear of it by themselves.
  }
}

async function pass(chunk: Buffer, to: Socket, way: Way): Promise<void> {
  if (way.delayMs > 0) await after(way.delayMs)
  if (way.bytesPerSecond !== undefined) await after((chunk.length / way.bytesPerSecond) * 1_000)
  await way.gate.pass()
  corrupt(chunk, way)
  way.bytes += chunk.length
  const single = Math.min(chunk.length, way.splitBytes)
  way.splitBytes -= single
  for (let at = 0; at < single; at += 1) await write(to, chunk.subarray(at, at + 1))
  if (single < chunk.length) await write(to, chunk.subarray(single))
}

function corrupt(chunk: Buffer, way: Way): void {
  const at = way.corruptAfterBytes
  if (at === undefined) return
  if (at >= chunk.length) {
    way.corruptAfterBytes = at - chunk.length
    return
  }
  way.corruptAfterBytes = undefined
  chunk.writeUInt8(chunk.readUInt8(at) ^ 1, at)
}

/** Resolves when it left this process. */
function write(to: Socket, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    to.write(bytes, (error) => (error ? reject(error) : resolve()))
  })
}
