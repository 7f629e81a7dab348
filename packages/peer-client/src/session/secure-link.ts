import type { TLSSocket } from 'node:tls'
import type { Clock } from '@parley/shared/clock.ts'
import type { DeviceKey } from '@parley/shared/ids.ts'
import { BYE_MS } from '@parley/shared/limits.ts'
import { encodeFrame, TYPE } from '@parley/shared/wire/frames.ts'
import type { Link } from '#transport/transport.ts'
import type { InboundBudget } from './inbound-budget.ts'
import { Inflow } from './inflow.ts'
import { Outflow } from './outflow.ts'
import { SessionError } from './session-error.ts'
import type { SessionLimits } from './session-limits.ts'
import { acceptTls, connectTls, peerDeviceKey } from './tls.ts'
import type { TlsCredentials } from './tls-credentials.ts'

export type Direction = 'outbound' | 'inbound'

export interface SecureLinkOptions {
  readonly direction: Direction
  readonly credentials: TlsCredentials
  readonly clock: Clock
  readonly signal: AbortSignal
  /** The only device that may be at the other end. */
  readonly expect?: DeviceKey | undefined
  readonly budget: InboundBudget
  readonly limits: Pick<SessionLimits, 'maxInboundBytes' | 'maxOutboundBytes'>
}

/** A link under TLS whose other end proved to hold `device`, cut into frames. Nobody has said hello yet. */
export class SecureLink {
  readonly device: DeviceKey
  readonly direction: Direction
  readonly link: Link
  readonly inflow: Inflow
  readonly outflow: Outflow
  /** Resolves when nothing of it is left, with what broke it, if anything did. */
  readonly closed: Promise<Error | undefined>
  readonly #socket: TLSSocket
  readonly #clock: Clock
  #cause: Error | undefined
  #cancelCut: (() => void) | undefined

  constructor(link: Link, socket: TLSSocket, device: DeviceKey, options: SecureLinkOptions) {
    const { direction, clock, budget, limits } = options
    this.device = device
    this.direction = direction
    this.link = link
    this.#socket = socket
    this.#clock = clock
    this.inflow = new Inflow(socket, clock, limits.maxInboundBytes, budget)
    this.outflow = new Outflow(socket, limits.maxOutboundBytes)
    const { promise, resolve } = Promise.withResolvers<Error | undefined>()
    this.closed = promise
    socket.on('error', (error: Error) => this.destroy(error))
    socket.once('close', () => {
      this.#cancelCut?.()
      this.inflow.stop()
      this.outflow.stop()
      resolve(this.#cause)
    })
  }

  get isDestroyed(): boolean {
    return this.#socket.destroyed
  }

  /** Says why it ends, reads nothing more, and is gone once that has left, or soon after when it cannot leave. */
  dismiss(reason: string, retryAfterMs?: number): void {
    this.inflow.stop()
    this.outflow.push(encodeBye(reason, retryAfterMs))
    this.outflow.finish()
    this.cutAfter(BYE_MS)
  }

  /** Destroys it when it is still there after `ms`; only the first call counts. */
  cutAfter(ms: number): void {
    if (this.isDestroyed) return
    this.#cancelCut ??= this.#clock.after(ms, () => this.destroy())
  }

  /** At once; what has not left is lost. The first cause is kept. */
  destroy(cause?: Error): void {
    if (!this.#socket.destroyed) this.#cause ??= cause
    this.#socket.destroy()
  }
}

export function encodeBye(reason: string, retryAfterMs?: number): Uint8Array {
  return encodeFrame({ type: TYPE.bye, reason, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) })
}

/** Owns the link from the call on. Rejects with SessionError, and the link is destroyed then. */
export async function secureLink(link: Link, options: SecureLinkOptions): Promise<SecureLink> {
  const { direction, credentials, signal, expect } = options
  link.stream.on('error', ignore)
  const start = direction === 'outbound' ? connectTls : acceptTls
  const socket = await start(link.stream, credentials, signal)
  try {
    const device = peerDeviceKey(socket)
    if (expect !== undefined && device !== expect) {
      throw new SessionError('wrong-peer', `expected the device ${expect}, found ${device}`)
    }
    return new SecureLink(link, socket, device, options)
  } catch (error) {
    socket.destroy()
    throw error
  }
}

/** The TLS socket on top reports what happens below it. */
function ignore(): void {}
