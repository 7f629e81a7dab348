import { once } from 'node:events'
import { type ConnectionOptions, connect, createServer, type TLSSocket, type TlsOptions } from 'node:tls'
import type { Endpoint } from '@parley/shared/signed/device-statement.ts'
import { decodeFrame, FrameReader } from '@parley/shared/wire/frame-reader.ts'
import { encodeFrame, type Frame, type FrameOf, type Hello } from '@parley/shared/wire/frames.ts'
import type { Device } from './world.ts'

/** A peer that follows no rules: TLS and bytes, nothing else. */
export class Stranger implements Disposable {
  readonly socket: TLSSocket
  readonly frames: Frame[] = []
  /** Resolves when the link is gone, however. */
  readonly closed: Promise<void>
  readonly #device: Device
  readonly #waiting = new Set<() => void>()

  constructor(socket: TLSSocket, device: Device) {
    this.socket = socket
    this.#device = device
    const reader = new FrameReader((body) => {
      const frame = decodeFrame(body)
      if (frame !== undefined) this.frames.push(frame)
      for (const wake of this.#waiting) wake()
    })
    socket.on('data', (chunk) => reader.push(chunk))
    socket.on('error', () => {})
    const { promise, resolve } = Promise.withResolvers<void>()
    this.closed = promise
    socket.once('close', () => {
      resolve()
      for (const wake of this.#waiting) wake()
    })
  }

  hello(changes: Partial<Hello> = {}): Hello {
    const { features, rotations, deviceCertificate, name } = this.#device.greeting
    return {
      type: 1,
      protocol: { min: 1, max: 1 },
      features: [...features],
      deviceCertificate,
      rotations: [...rotations],
      name,
      purpose: 'messages',
      boot: Buffer.alloc(16, 1),
      alone: true,
      path: 'direct',
      ...changes,
    }
  }

  sayHello(changes: Partial<Hello> = {}): void {
    this.write(encodeFrame(this.hello(changes)))
  }

  send(frame: Frame): void {
    this.write(encodeFrame(frame))
  }

  write(bytes: Uint8Array): void {
    this.socket.write(bytes)
  }

  /** Resolves with the first frame of that type; rejects when the link ends before it. */
  async frame<T extends Frame['type']>(type: T): Promise<FrameOf<T>> {
    for (;;) {
      const found = this.frames.find((frame): frame is FrameOf<T> => frame.type === type)
      if (found !== undefined) return found
      if (this.socket.destroyed) throw new Error(`the link ended without a frame of type ${type}`)
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#waiting.add(resolve)
      await promise
      this.#waiting.delete(resolve)
    }
  }

  [Symbol.dispose](): void {
    this.socket.destroy()
  }
}

const PROTOCOL = { ALPNProtocols: ['parley/1'], rejectUnauthorized: false }

/** What a peer's dialling side presents, open to changes. */
export function tlsOptions(device: Device, changes: ConnectionOptions = {}): ConnectionOptions {
  return { ...device.tls, ...PROTOCOL, ...changes }
}

export async function dialAsStranger(at: Endpoint, device: Device, changes: ConnectionOptions = {}): Promise<Stranger> {
  const socket = connect({ host: at.host, port: at.port, ...tlsOptions(device, changes) })
  await once(socket, 'secureConnect')
  return new Stranger(socket, device)
}

/** Listens as `device`; `onStranger` gets every link whose TLS came up. */
export async function listenAsStranger(
  device: Device,
  onStranger: (stranger: Stranger) => void,
  changes: TlsOptions = {},
): Promise<{ at: Endpoint } & AsyncDisposable> {
  const strangers: Stranger[] = []
  const server = createServer({ ...device.tls, ...PROTOCOL, requestCert: true, ...changes }, (socket) => {
    const stranger = new Stranger(socket, device)
    strangers.push(stranger)
    onStranger(stranger)
  })
  server.on('tlsClientError', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    at: { transport: 'tcp', host: '127.0.0.1', port: address.port },
    async [Symbol.asyncDispose]() {
      for (const { socket } of strangers) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
