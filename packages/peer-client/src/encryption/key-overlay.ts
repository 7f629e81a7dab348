import { toBase64url } from '@parley/shared/bytes.ts'
import type { DeviceKey } from '@parley/shared/ids.ts'
import { MAX_RATCHET_BYTES, MAX_USED_BASE_KEYS } from '@parley/shared/limits.ts'
import {
  IdentityChange,
  type IdentityKeyPair,
  type IdentityKeyStore,
  KyberPreKeyRecord,
  type KyberPreKeyStore,
  PreKeyRecord,
  type PreKeyStore,
  type PrivateKey,
  type ProtocolAddress,
  type PublicKey,
  SessionRecord,
  type SessionStore,
  SignedPreKeyRecord,
  type SignedPreKeyStore,
} from '@signalapp/libsignal-client'
import type { CurvePrekeysTable } from '#store/curve-prekeys-table.ts'
import type { KyberPrekeysTable } from '#store/kyber-prekeys-table.ts'
import type { RatchetsTable } from '#store/ratchets-table.ts'
import type { SignedPrekeysTable } from '#store/signed-prekeys-table.ts'
import type { BaseKeyUse, UsedBaseKeysTable } from '#store/used-base-keys-table.ts'
import type { KeyChange } from './key-change.ts'
import { RatchetError } from './ratchet-error.ts'

export interface KeyTables {
  readonly ratchets: RatchetsTable
  readonly curve: CurvePrekeysTable
  readonly signed: SignedPrekeysTable
  readonly kyber: KyberPrekeysTable
  readonly usedBaseKeys: UsedBaseKeysTable
}

interface Operation {
  readonly device: DeviceKey
  /** The Signal identity that the device's certificate names, base64url. */
  readonly certified: string
  /** The operation may put a new ratchet in front of the one in force. */
  readonly mayBegin: boolean
  readonly at: number
}

/**
 * libsignal's stores for one operation on one remote device: reads fall through to the tables, writes stay here until `apply`.
 *
 * libsignal reports an error thrown in a store as one of its own, by text; `failure` keeps the original, so that a failing disk
 * is not taken for a message that cannot be opened.
 */
export class KeyOverlay
  implements SessionStore, IdentityKeyStore, PreKeyStore, SignedPreKeyStore, KyberPreKeyStore, KeyChange
{
  readonly #tables: KeyTables
  readonly #identity: IdentityKeyPair
  readonly #registrationId: number
  readonly #operation: Operation
  #failure: { readonly error: unknown } | undefined
  #before: Uint8Array<ArrayBuffer> | undefined
  #ratchet: SessionRecord | undefined
  #after: Uint8Array<ArrayBuffer> | undefined
  #usedCurve: number | undefined
  #usedKyber: number | undefined
  #usedLastResort: BaseKeyUse | undefined

  constructor(tables: KeyTables, identity: IdentityKeyPair, registrationId: number, operation: Operation) {
    this.#tables = tables
    this.#identity = identity
    this.#registrationId = registrationId
    this.#operation = operation
  }

  get failure(): { readonly error: unknown } | undefined {
    return this.#failure
  }

  /** A message from the other side began the ratchet that is now in force. */
  get hasBegun(): boolean {
    return this.#usedKyber !== undefined || this.#usedLastResort !== undefined
  }

  /** Size of the ratchet as it would be stored. */
  get ratchetBytes(): number {
    return this.#after?.length ?? 0
  }

  apply(): void {
    const { ratchets, curve, kyber, usedBaseKeys } = this.#tables
    const { device, at } = this.#operation
    if (this.#after !== undefined && !ratchets.replace(device, this.#before, this.#after)) {
      throw new RatchetError('conflict', 'the ratchet changed since it was read: the lock of the device was not held')
    }
    if (this.#usedCurve !== undefined && !curve.delete(this.#usedCurve)) throw usedMeanwhile()
    if (this.#usedKyber !== undefined && !kyber.deleteOneTime(this.#usedKyber)) throw usedMeanwhile()
    if (this.#usedLastResort !== undefined) {
      if (!usedBaseKeys.insert(this.#usedLastResort, at)) throw reusedBaseKey()
      // Leaves room for the next eighth, so that a full table is not sorted for each ratchet that begins.
      if (usedBaseKeys.count() > MAX_USED_BASE_KEYS)
        usedBaseKeys.keepNewest(MAX_USED_BASE_KEYS - MAX_USED_BASE_KEYS / 8)
    }
  }

  getSession(): Promise<SessionRecord | null> {
    return this.#guard(() => {
      if (this.#ratchet !== undefined) return this.#ratchet
      this.#before = this.#tables.ratchets.find(this.#operation.device)
      if (this.#before === undefined) return null
      if (this.#operation.mayBegin && this.#before.length > MAX_RATCHET_BYTES / 2) return null
      return readRatchet(this.#before) ?? null
    })
  }

  saveSession(_address: ProtocolAddress, record: SessionRecord): Promise<void> {
    return this.#guard(() => {
      this.#ratchet = record
      this.#after = record.serialize()
    })
  }

  getExistingSessions(): Promise<SessionRecord[]> {
    return this.getSession().then((record) => (record === null ? [] : [record]))
  }

  getIdentityKey(): Promise<PrivateKey> {
    return Promise.resolve(this.#identity.privateKey)
  }

  getIdentityKeyPair(): Promise<IdentityKeyPair> {
    return Promise.resolve(this.#identity)
  }

  getLocalRegistrationId(): Promise<number> {
    return Promise.resolve(this.#registrationId)
  }

  /** Only the certified identity, whatever was seen before: a change of identity is a matter of certificates, not of ratchets. */
  isTrustedIdentity(_address: ProtocolAddress, key: PublicKey): Promise<boolean> {
    return Promise.resolve(toBase64url(key.serialize()) === this.#operation.certified)
  }

  saveIdentity(): Promise<IdentityChange> {
    return Promise.resolve(IdentityChange.NewOrUnchanged)
  }

  getIdentity(): Promise<PublicKey | null> {
    return Promise.resolve(null)
  }

  getPreKey(id: number): Promise<PreKeyRecord> {
    return this.#guard(() => PreKeyRecord.deserialize(known(this.#tables.curve.find(id))))
  }

  removePreKey(id: number): Promise<void> {
    this.#usedCurve = id
    return Promise.resolve()
  }

  getSignedPreKey(id: number): Promise<SignedPreKeyRecord> {
    return this.#guard(() => SignedPreKeyRecord.deserialize(known(this.#tables.signed.find(id))))
  }

  getKyberPreKey(id: number): Promise<KyberPreKeyRecord> {
    return this.#guard(() => KyberPreKeyRecord.deserialize(known(this.#tables.kyber.find(id)).record))
  }

  markKyberPreKeyUsed(kyber: number, signed: number, baseKey: PublicKey): Promise<void> {
    return this.#guard(() => {
      if (!known(this.#tables.kyber.find(kyber)).isLastResort) {
        this.#usedKyber = kyber
        return
      }
      const use = { kyber, signed, baseKey: baseKey.serialize() }
      if (this.#tables.usedBaseKeys.has(use)) throw reusedBaseKey()
      this.#usedLastResort = use
    })
  }

  savePreKey(): Promise<void> {
    return this.#guard(refuseToSave)
  }

  saveSignedPreKey(): Promise<void> {
    return this.#guard(refuseToSave)
  }

  saveKyberPreKey(): Promise<void> {
    return this.#guard(refuseToSave)
  }

  async #guard<T>(work: () => T): Promise<T> {
    try {
      return work()
    } catch (error) {
      this.#failure ??= { error }
      throw error
    }
  }
}

/** Undefined when the bytes cannot be read: such a ratchet can do nothing any more, which is the same as to have none. */
export function readRatchet(bytes: Uint8Array<ArrayBuffer>): SessionRecord | undefined {
  try {
    return SessionRecord.deserialize(bytes)
  } catch {
    return undefined
  }
}

function known<T>(row: T | undefined): T {
  if (row === undefined)
    throw new RatchetError('unknown-prekey', 'the message uses a prekey that is not held, or not any more')
  return row
}

function usedMeanwhile(): RatchetError {
  return new RatchetError('unknown-prekey', 'another device used the one-time prekey first')
}

function reusedBaseKey(): RatchetError {
  return new RatchetError('duplicate', 'a message with this base key began a ratchet before')
}

function refuseToSave(): never {
  throw new Error('libsignal makes no prekeys')
}
