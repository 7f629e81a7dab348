import type { DeviceKey } from '@parley/shared/ids.ts'
import { MAX_RATCHET_BYTES } from '@parley/shared/limits.ts'
import type { PrekeyBundle } from '@parley/shared/signed/prekeys.ts'
import {
  ErrorCode,
  type IdentityKeyPair,
  ProtocolAddress,
  processPreKeyBundle,
  signalDecrypt,
  signalDecryptPreKey,
  signalEncrypt,
} from '@signalapp/libsignal-client'
import { CurvePrekeysTable } from '#store/curve-prekeys-table.ts'
import type { Database } from '#store/database.ts'
import { KyberPrekeysTable } from '#store/kyber-prekeys-table.ts'
import { RatchetsTable } from '#store/ratchets-table.ts'
import { SignedPrekeysTable } from '#store/signed-prekeys-table.ts'
import { UsedBaseKeysTable } from '#store/used-base-keys-table.ts'
import type { KeyChange } from './key-change.ts'
import { KeyOverlay, type KeyTables, readRatchet } from './key-overlay.ts'
import { nativeBytes } from './native-bytes.ts'
import { RatchetError } from './ratchet-error.ts'
import { decodeSealed, encodeSealed } from './sealed-bytes.ts'
import { SIGNAL_DEVICE_ID, toSignalBundle } from './signal-bundle.ts'
import { identityKeyPairOf, type SignalIdentity } from './signal-identity.ts'

export interface RatchetsOptions {
  readonly database: Database
  readonly signalIdentity: SignalIdentity
  readonly myDevice: DeviceKey
  readonly now?: () => number
}

interface SealRequest {
  readonly device: DeviceKey
  /** The Signal identity that the device's certificate names, base64url. */
  readonly signalIdentity: string
  /** Read in place until the promise settles. */
  readonly plaintext: Uint8Array
  /** Begins a new ratchet, in front of the one in force. */
  readonly bundle?: PrekeyBundle | undefined
}

interface OpenRequest {
  readonly device: DeviceKey
  readonly signalIdentity: string
  /** Read in place until the promise settles. */
  readonly bytes: Uint8Array
}

interface Opened {
  readonly plaintext: Uint8Array
  /** The message began a new ratchet. Until something sealed on it comes back, the other side repeats the long first form. */
  readonly begun: boolean
  readonly change: KeyChange
}

/**
 * PQXDH and the Double Ratchet (signal.org/docs/specifications) with each remote device, by libsignal. Every call stands alone and
 * leaves the tables as they are: what it did to the keys is in `change`. The caller holds the device's lock from the call to the commit.
 *
 * Records are read and deserialised for every call: that is a tenth of what libsignal then takes, and there is no copy to go stale.
 */
export class Ratchets {
  readonly #tables: KeyTables
  readonly #identity: IdentityKeyPair
  readonly #registrationId: number
  readonly #myAddress: ProtocolAddress
  readonly #now: () => number

  /** Throws RatchetError `bad-identity`. */
  constructor({ database, signalIdentity, myDevice, now = Date.now }: RatchetsOptions) {
    this.#tables = {
      ratchets: new RatchetsTable(database),
      curve: new CurvePrekeysTable(database),
      signed: new SignedPrekeysTable(database),
      kyber: new KyberPrekeysTable(database),
      usedBaseKeys: new UsedBaseKeysTable(database),
    }
    this.#identity = identityKeyPairOf(signalIdentity)
    this.#registrationId = signalIdentity.registrationId
    this.#myAddress = addressOf(myDevice)
    this.#now = now
  }

  /** Something can be sealed without a bundle. A ratchet that the other side never answered is good for 30 days (libsignal). */
  has(device: DeviceKey): boolean {
    const bytes = this.#tables.ratchets.find(device)
    if (bytes === undefined) return false
    return readRatchet(bytes)?.hasCurrentState(new Date(this.#now())) ?? false
  }

  /** Rejects with RatchetError `no-ratchet`, `bad-bundle` or `untrusted-identity`. */
  async seal({
    device,
    signalIdentity,
    plaintext,
    bundle,
  }: SealRequest): Promise<{ bytes: Uint8Array; change: KeyChange }> {
    const address = addressOf(device)
    const overlay = this.#overlay(device, signalIdentity, bundle !== undefined)
    const now = new Date(this.#now())
    try {
      if (bundle !== undefined) {
        const signalBundle = toSignalBundle(bundle, signalIdentity)
        await processPreKeyBundle(signalBundle, address, this.#myAddress, overlay, overlay, now)
      }
    } catch (error) {
      throw reasonOf(overlay, error, 'bad-bundle', 'no ratchet can be begun with the bundle')
    }
    try {
      const message = await signalEncrypt(nativeBytes(plaintext), address, this.#myAddress, overlay, overlay, now)
      return { bytes: encodeSealed(message), change: overlay }
    } catch (error) {
      throw reasonOf(overlay, error, 'no-ratchet', 'there is no usable ratchet with the device')
    }
  }

  /** Rejects with RatchetError `undecryptable`, `duplicate`, `unknown-prekey`, `untrusted-identity` or `malformed`. */
  async open({ device, signalIdentity, bytes }: OpenRequest): Promise<Opened> {
    const sealed = decodeSealed(bytes)
    const address = addressOf(device)
    const overlay = this.#overlay(device, signalIdentity, sealed.kind === 'prekey')
    let plaintext: Uint8Array
    try {
      plaintext =
        sealed.kind === 'whisper'
          ? await signalDecrypt(sealed.message, address, this.#myAddress, overlay, overlay)
          : await signalDecryptPreKey(
              sealed.message,
              address,
              this.#myAddress,
              overlay,
              overlay,
              overlay,
              overlay,
              overlay,
            )
    } catch (error) {
      throw reasonOf(overlay, error, 'undecryptable', 'no ratchet with the device opens the message')
    }
    if (overlay.ratchetBytes > MAX_RATCHET_BYTES) {
      throw new RatchetError(
        'undecryptable',
        'the message skips so many others that the ratchet would outgrow its limit',
      )
    }
    return { plaintext, begun: overlay.hasBegun, change: overlay }
  }

  /** Deletes all that can open or seal for the device; runs inside the caller's transaction. */
  forget(device: DeviceKey): void {
    this.#tables.ratchets.delete(device)
  }

  #overlay(device: DeviceKey, certified: string, mayBegin: boolean): KeyOverlay {
    return new KeyOverlay(this.#tables, this.#identity, this.#registrationId, {
      device,
      certified,
      mayBegin,
      at: this.#now(),
    })
  }
}

function addressOf(device: DeviceKey): ProtocolAddress {
  return ProtocolAddress.new(device, SIGNAL_DEVICE_ID)
}

/** What to throw for what libsignal threw: our own error when a store failed, else by its code, else `code`. */
function reasonOf(overlay: KeyOverlay, error: unknown, code: RatchetError['code'], message: string): unknown {
  if (overlay.failure !== undefined) return overlay.failure.error
  switch (libsignalCodeOf(error)) {
    case undefined:
      return error
    case ErrorCode.DuplicatedMessage:
      return new RatchetError('duplicate', 'the message was opened before', { cause: error })
    case ErrorCode.UntrustedIdentity:
      return new RatchetError('untrusted-identity', 'the Signal identity is not the one of the certificate', {
        cause: error,
      })
    default:
      return new RatchetError(code, message, { cause: error })
  }
}

/** Not by class: the native part knows the error class of one copy of libsignal's module, and a process may load several. */
function libsignalCodeOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null) return undefined
  return 'operation' in error && 'code' in error && typeof error.code === 'number' ? error.code : undefined
}
