import type { SecureContextOptions } from 'node:tls'
import { toBase64url } from '@parley/shared/bytes.ts'
import { accountIdOf } from '@parley/shared/hashes.ts'
import { AccountKey, DeviceKey, Name } from '@parley/shared/ids.ts'
import { generateKeyPair, type KeyPair } from '@parley/shared/keys.ts'
import { signDeviceCertificate } from '@parley/shared/signed/device-certificate.ts'
import type { Endpoint } from '@parley/shared/signed/device-statement.ts'
import type { Jws } from '@parley/shared/signed/jws.ts'
import type { Greeting } from '#session/hello.ts'
import type { Session, SessionEnd, SessionFrame } from '#session/session.ts'
import type { SessionError } from '#session/session-error.ts'
import { Sessions, type SessionsOptions } from '#session/sessions.ts'
import { createTlsCredentials, selfSign, type TlsCredentials } from '#session/tls-credentials.ts'
import { TLS_OPTIONS } from '#session/tls-options.ts'
import { MemoryNetwork } from '#transport/memory.ts'
import { tcp } from '#transport/tcp.ts'
import type { Transport } from '#transport/transport.ts'

/** The keys and papers of one device of one account. */
export interface Device {
  readonly keys: KeyPair<DeviceKey>
  readonly key: DeviceKey
  readonly credentials: TlsCredentials
  /** The same credentials, for a TLS that is not ours. */
  readonly tls: SecureContextOptions
  readonly greeting: Greeting
}

export async function makeDevice(name: string, keys = generateKeyPair(DeviceKey)): Promise<Device> {
  const greeting = {
    features: ['text'],
    deviceCertificate: await certify(keys.publicKey),
    rotations: [],
    name: Name.parse(name),
  }
  const key = keys.privateKey.export({ format: 'pem', type: 'pkcs8' })
  const tls = { ...TLS_OPTIONS, key, cert: selfSign(keys.privateKey) }
  return { keys, key: keys.publicKey, credentials: createTlsCredentials(keys.privateKey), tls, greeting }
}

/** Two devices, the one with the lower key first. */
export async function makePair(): Promise<[lower: Device, higher: Device]> {
  const [one, other] = await Promise.all([makeDevice('alice'), makeDevice('bob')])
  const isOrdered = Buffer.compare(Buffer.from(one.key, 'base64url'), Buffer.from(other.key, 'base64url')) < 0
  return isOrdered ? [one, other] : [other, one]
}

export function certify(deviceKey: DeviceKey): Promise<Jws> {
  const account = generateKeyPair(AccountKey)
  const certificate = {
    accountId: accountIdOf(account.publicKey),
    accountKey: account.publicKey,
    deviceKey,
    signalIdentity: toBase64url(Buffer.alloc(33, 5)),
    issuedAt: 1_700_000_000_000,
  }
  return signDeviceCertificate(certificate, account.privateKey)
}

/** What happened at one peer, and a way to wait for more of it. */
export class Peer implements AsyncDisposable {
  readonly device: Device
  readonly sessions: Sessions
  readonly ups: Session[] = []
  readonly downs: { session: Session; end: SessionEnd }[] = []
  readonly frames: { session: Session; frame: SessionFrame }[] = []
  readonly failures: SessionError[] = []
  readonly #waiting = new Set<() => void>()
  endpoint: Endpoint | undefined

  constructor(device: Device, transport: Transport, options: Partial<SessionsOptions> = {}) {
    this.device = device
    this.sessions = new Sessions({
      self: device.key,
      credentials: device.credentials,
      transports: [transport],
      greeting: () => device.greeting,
      ...options,
      onFrame: (session, frame) => {
        this.#note(this.frames, { session, frame })
        return options.onFrame?.(session, frame)
      },
      onUp: (session) => this.#note(this.ups, session),
      onDown: (session, end) => this.#note(this.downs, { session, end }),
      onInboundFailed: (error) => this.#note(this.failures, error),
    })
  }

  get key(): DeviceKey {
    return this.device.key
  }

  /** Where it listens; only after `listen`. */
  get at(): Endpoint {
    if (this.endpoint === undefined) throw new Error('this peer does not listen')
    return this.endpoint
  }

  async listen(host: string): Promise<Endpoint> {
    const listener = await this.sessions.listen({ host, port: 0 })
    this.endpoint = { transport: 'tcp', host, port: listener.port }
    return this.endpoint
  }

  /** Resolves as soon as `condition` holds; it is asked again after everything that happens here. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#waiting.add(resolve)
      await promise
      this.#waiting.delete(resolve)
    }
  }

  #note<T>(list: T[], item: T): void {
    list.push(item)
    for (const wake of this.#waiting) wake()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.sessions.stop()
  }
}

export interface Net {
  readonly transport: (host: string) => Transport
  readonly host: (name: string) => string
}

/** The two transports that every test of sessions runs over. */
export const NETS: readonly (readonly [name: string, make: () => Net])[] = [
  ['tcp', () => ({ transport: () => tcp, host: () => '127.0.0.1' })],
  ['memory', () => memoryNet(new MemoryNetwork())],
]

export function memoryNet(network: MemoryNetwork): Net {
  return { transport: (host) => network.host(host), host: (name) => name }
}

export function appFrame(text: string): SessionFrame {
  return { type: 9, bytes: Buffer.from(text) }
}

export function textOf(frame: SessionFrame): string {
  return frame.type === 9 ? Buffer.from(frame.bytes).toString() : `a frame of type ${frame.type}`
}
