import {
  IdentityChange,
  IdentityKeyStore,
  type PrivateKey,
  ProtocolAddress,
  SessionRecord,
  SessionStore,
  signalEncrypt,
} from '@signalapp/libsignal-client'
import { encodeSealed } from '#encryption/sealed-bytes.ts'
import { SIGNAL_DEVICE_ID } from '#encryption/signal-bundle.ts'
import { identityKeyPairOf, type SignalIdentity } from '#encryption/signal-identity.ts'
import type { TestDevice } from './device.ts'

/** As a device of somebody's own making does: seals `count` messages and hands out the last one, with nothing kept in between. */
export async function skipMessages(from: TestDevice, to: TestDevice, count: number): Promise<Uint8Array> {
  const [mine, theirs] = [from, to].map(({ device }) => ProtocolAddress.new(device, SIGNAL_DEVICE_ID))
  if (mine === undefined || theirs === undefined) throw new Error('there are two')
  const ratchet = new OneRatchet(SessionRecord.deserialize(Buffer.from(from.ratchetWith(to))))
  const identity = new Careless(from.identity)
  const plaintext = Buffer.from('x')
  let bytes: Uint8Array = Buffer.alloc(0)
  for (let n = 0; n < count; n += 1)
    bytes = encodeSealed(await signalEncrypt(plaintext, theirs, mine, ratchet, identity, new Date(from.now)))
  from.restoreRatchet(to, Buffer.from(ratchet.record.serialize()))
  return bytes
}

class OneRatchet extends SessionStore {
  record: SessionRecord

  constructor(record: SessionRecord) {
    super()
    this.record = record
  }

  saveSession(_address: ProtocolAddress, record: SessionRecord): Promise<void> {
    this.record = record
    return Promise.resolve()
  }

  getSession(): Promise<SessionRecord> {
    return Promise.resolve(this.record)
  }

  getExistingSessions(): Promise<SessionRecord[]> {
    return Promise.resolve([this.record])
  }
}

/** Trusts everybody. */
class Careless extends IdentityKeyStore {
  readonly #key: PrivateKey
  readonly #registrationId: number

  constructor(identity: SignalIdentity) {
    super()
    this.#key = identityKeyPairOf(identity).privateKey
    this.#registrationId = identity.registrationId
  }

  getIdentityKey(): Promise<PrivateKey> {
    return Promise.resolve(this.#key)
  }

  getLocalRegistrationId(): Promise<number> {
    return Promise.resolve(this.#registrationId)
  }

  saveIdentity(): Promise<IdentityChange> {
    return Promise.resolve(IdentityChange.NewOrUnchanged)
  }

  isTrustedIdentity(): Promise<boolean> {
    return Promise.resolve(true)
  }

  getIdentity(): Promise<null> {
    return Promise.resolve(null)
  }
}
