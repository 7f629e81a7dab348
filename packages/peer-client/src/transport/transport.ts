import type { Duplex } from 'node:stream'
import type { Endpoint } from '@parley/shared/signed/device-statement.ts'

/**
 * One ordered byte pipe to another peer. Nothing in it is trusted: who is at the other end is for the session to find out.
 *
 * `stream` is half-open (ending one direction leaves the other), pushes back, and once destroyed on one side closes on
 * the other. Whoever is handed a link owns it and must listen to the stream's `error` at once.
 */
export interface Link {
  readonly stream: Duplex
  readonly path: 'direct' | 'relay'
  /** Where the bytes come from, numeric, an IPv4 address never in its mapped form; absent when the transport does not know. */
  readonly remoteAddress?: string
}

export interface ListenOptions {
  /** A numeric address of this machine. */
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
}

export interface Listener {
  readonly host: string
  readonly port: number
  /** Takes no further link and frees the port; links already handed over live on. Twice is safe. */
  stop(): Promise<void>
}

/** A way to get links. */
export interface Transport {
  readonly kind: Endpoint['transport']
  /** Rejects with TransportError; `aborted` as soon as the signal says so. */
  dial(endpoint: Endpoint, options?: { readonly signal?: AbortSignal | undefined }): Promise<Link>
  /** Rejects with TransportError. `onLink` is called once per link, and owns it. */
  listen(options: ListenOptions, onLink: (link: Link) => void): Promise<Listener>
}

export class TransportError extends Error {
  override readonly name = 'TransportError'
  readonly code: 'refused' | 'unreachable' | 'aborted' | 'address-in-use' | 'failed'
  constructor(code: TransportError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
