// Between two peers, above TLS: it holds the device keys of both, so each takes it for the other, and what passes it are whole
// frames. It can do what a TCP proxy cannot: give a frame twice, late, in another order, or with something else in it.
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connect, createServer, type Server, type TLSSocket } from 'node:tls'
import { importPrivateKey } from '@parley/shared/keys.ts'
import { FrameReader } from '@parley/shared/wire/frame-reader.ts'
import { z } from 'zod'
import { selfSigned } from './self-signed.ts'

export type Direction = 'there' | 'back'

/** The bodies of the frames to pass on now, in their order, for one that came. */
export type Meddle = (direction: Direction, body: Uint8Array) => readonly Uint8Array[]

export interface FrameProxyOptions {
  /** The profile of the peer that dials, and that of the one that is dialled. */
  readonly near: string
  readonly far: string
  readonly farPort: number
  readonly meddle: Meddle
}

export class FrameProxy implements AsyncDisposable {
  farPort: number
  meddle: Meddle
  readonly #server: Server
  readonly #links = new Set<TLSSocket>()

  private constructor(server: Server, near: Credentials, { farPort, meddle }: FrameProxyOptions) {
    this.#server = server
    this.farPort = farPort
    this.meddle = meddle
    server.on('secureConnection', (socket) => this.#accept(socket, near))
  }

  static async start(options: FrameProxyOptions): Promise<FrameProxy> {
    const [near, far] = await Promise.all([credentialsOf(options.near), credentialsOf(options.far)])
    const server = createServer({ ...far, requestCert: true }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new FrameProxy(server, near, options)
  }

  /** HOST:PORT */
  get address(): string {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('the proxy does not listen')
    return `127.0.0.1:${address.port}`
  }

  /** Every session that goes through it breaks. */
  cut(): void {
    for (const socket of this.#links) socket.destroy()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.cut()
    await closed
  }

  #accept(near: TLSSocket, credentials: Credentials): void {
    const far = connect({ ...credentials, port: this.farPort, host: '127.0.0.1' })
    for (const socket of [near, far]) {
      this.#links.add(socket)
      socket.on('error', () => undefined).once('close', () => this.#links.delete(socket))
    }
    near.once('close', () => far.destroy())
    far.once('close', () => near.destroy())
    this.#carry(near, far, 'there')
    this.#carry(far, near, 'back')
  }

  #carry(from: TLSSocket, to: TLSSocket, direction: Direction): void {
    const reader = new FrameReader((body) => {
      for (const passed of this.meddle(direction, body)) to.write(framed(passed))
    })
    from.on('data', (chunk: Buffer) => reader.push(chunk)).once('end', () => to.end())
  }
}

function framed(body: Uint8Array): Buffer {
  const head = Buffer.alloc(4)
  head.writeUInt32BE(body.length)
  return Buffer.concat([head, body])
}

interface Credentials {
  readonly key: string
  readonly cert: string
  readonly ALPNProtocols: string[]
  readonly minVersion: 'TLSv1.3'
  readonly sigalgs: 'ed25519'
  readonly rejectUnauthorized: false
}

const IdentityFile = z.object({ devicePrivateKey: z.string() })

async function credentialsOf(profile: string): Promise<Credentials> {
  const file = IdentityFile.parse(JSON.parse(await readFile(join(profile, 'identity.json'), 'utf8')))
  const key = importPrivateKey(file.devicePrivateKey)
  return {
    key: key.export({ format: 'pem', type: 'pkcs8' }).toString(),
    cert: selfSigned(key),
    ALPNProtocols: ['parley/1'],
    minVersion: 'TLSv1.3',
    sigalgs: 'ed25519',
    rejectUnauthorized: false,
  }
}
