// hello, both ways, first thing after TLS: who am I, for whom, for what. The dialler says it first, because only it knows the
// purpose; the other side answers when it has decided, so a hello in return means "you are in", and anything else is a bye.
import { isEqualBytes } from '@parley/shared/bytes.ts'
import type { DeviceKey, Name } from '@parley/shared/ids.ts'
import { MAX_HELLO_BYTES } from '@parley/shared/limits.ts'
import { type DeviceCertificate, verifyDeviceCertificate } from '@parley/shared/signed/device-certificate.ts'
import { type Jws, SignedObjectError } from '@parley/shared/signed/jws.ts'
import { CborError } from '@parley/shared/wire/cbor.ts'
import { decodeFrame, FrameError } from '@parley/shared/wire/frame-reader.ts'
import { encodeFrame, type Hello, PROTOCOL, type Purpose, TYPE } from '@parley/shared/wire/frames.ts'
import type { SecureLink } from './secure-link.ts'
import { SessionError } from './session-error.ts'

/** What this device says of itself; the rest of a hello is the session's. */
export interface Greeting {
  readonly features: readonly string[]
  readonly deviceCertificate: Jws
  readonly rotations: readonly Jws[]
  readonly name: Name
  readonly networkToken?: string | undefined
  readonly treeHead?: unknown
}

/** A hello that was read and checked: the certificate is signed by the account key it names, for the key that TLS proved. */
export interface Introduction {
  readonly hello: Hello
  readonly certificate: DeviceCertificate
}

export function sayHello(
  { link, outflow }: SecureLink,
  greeting: Greeting,
  { purpose, boot, alone }: { purpose: Purpose; boot: Uint8Array; alone: boolean },
): void {
  const { features, deviceCertificate, rotations, name, networkToken, treeHead } = greeting
  const frame = encodeFrame({
    type: TYPE.hello,
    protocol: PROTOCOL,
    features: [...features],
    deviceCertificate,
    rotations: [...rotations],
    name,
    purpose,
    boot,
    alone,
    path: link.path,
    ...(networkToken === undefined ? {} : { networkToken }),
    ...(treeHead === undefined ? {} : { treeHead }),
  })
  if (frame.length - 4 > MAX_HELLO_BYTES) {
    throw new SessionError(
      'bad-hello',
      `my own hello has ${frame.length - 4} bytes, at most ${MAX_HELLO_BYTES} are allowed`,
    )
  }
  outflow.push(frame)
}

/** Reads the other side's hello and checks all that can be checked without knowing anybody. Rejects with SessionError. */
export async function readHello(
  { inflow, device }: SecureLink,
  { self, purpose, signal }: { self: DeviceKey; purpose: Purpose | undefined; signal: AbortSignal },
): Promise<Introduction> {
  if (device === self) throw new SessionError('self', 'the device at the other end is this one')
  const hello = await readFirst(inflow.first(signal))
  if (hello.protocol.min > PROTOCOL.max || hello.protocol.max < PROTOCOL.min) {
    throw new SessionError('unsupported', 'the two sides have no protocol version in common')
  }
  if (purpose !== undefined && hello.purpose !== purpose) {
    throw new SessionError('bad-hello', `asked for ${purpose}, answered for ${hello.purpose}`)
  }
  const certificate = await verify(hello.deviceCertificate)
  if (certificate.deviceKey !== device) {
    throw new SessionError('bad-hello', 'the device certificate is for another key than TLS proved')
  }
  return { hello, certificate }
}

async function readFirst(first: Promise<Uint8Array | undefined>): Promise<Hello> {
  let body: Uint8Array | undefined
  try {
    body = await first
    if (body === undefined) throw new SessionError('link-failed', 'the other side ended the link before its hello')
    const frame = decodeFrame(body)
    // The session keeps its hello: a copy of these bytes, not a view that keeps a whole read.
    if (frame?.type === TYPE.hello) return { ...frame, boot: new Uint8Array(frame.boot) }
    if (frame?.type === TYPE.bye) {
      throw new SessionError('refused', `the other side said bye: ${frame.reason}`, { bye: frame })
    }
  } catch (error) {
    if (error instanceof FrameError || error instanceof CborError) {
      throw new SessionError('bad-hello', error.message, { cause: error })
    }
    throw error
  }
  throw new SessionError('bad-hello', 'the first frame was not a hello')
}

async function verify(jws: string): Promise<DeviceCertificate> {
  try {
    return await verifyDeviceCertificate(jws)
  } catch (error) {
    if (error instanceof SignedObjectError) throw new SessionError('bad-hello', error.message, { cause: error })
    throw error
  }
}

export function isSameBoot(one: Hello, other: Hello): boolean {
  return isEqualBytes(one.boot, other.boot)
}

/** What to say to the other side before a link that did not come up is closed; undefined when there is nothing to say. */
export function byeFor({ code, bye }: SessionError): SessionError['bye'] {
  switch (code) {
    case 'bad-hello':
    case 'self':
    case 'unsupported':
    case 'timed-out':
      return { reason: code }
    case 'stopped':
      return { reason: 'stopping' }
    case 'declined':
      return bye
    default:
      return undefined
  }
}
