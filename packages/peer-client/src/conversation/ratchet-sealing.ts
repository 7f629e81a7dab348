// What delivery asks for, done by libsignal: knows which Signal identity the certificate of a device names.
import type { DeviceKey } from '@parley/shared/ids.ts'
import type { PrekeyBundle } from '@parley/shared/signed/prekeys.ts'
import { timedAsync } from '@parley/shared/spans.ts'
import type { Change, Opened, Sealing } from '#delivery/ports.ts'
import type { Prekeys } from '#encryption/prekeys.ts'
import { RatchetError } from '#encryption/ratchet-error.ts'
import type { Ratchets } from '#encryption/ratchets.ts'
import type { Store } from '#store/store.ts'

export class RatchetSealing implements Sealing {
  readonly #ratchets: Ratchets
  readonly #prekeys: Prekeys
  readonly #store: Store

  constructor(ratchets: Ratchets, prekeys: Prekeys, store: Store) {
    this.#ratchets = ratchets
    this.#prekeys = prekeys
    this.#store = store
  }

  has(device: DeviceKey): boolean {
    return this.#ratchets.has(device)
  }

  seal(
    device: DeviceKey,
    plaintext: Uint8Array,
    bundle?: PrekeyBundle,
  ): Promise<{ bytes: Uint8Array; change: Change }> {
    return timedAsync('seal', () =>
      this.#ratchets.seal({ device, signalIdentity: this.#identityOf(device), plaintext, bundle }),
    )
  }

  async open(device: DeviceKey, bytes: Uint8Array): Promise<Opened> {
    try {
      return await timedAsync('open', () =>
        this.#ratchets.open({ device, signalIdentity: this.#identityOf(device), bytes }),
      )
    } catch (error) {
      if (!(error instanceof RatchetError)) throw error
      switch (error.code) {
        case 'undecryptable':
        case 'duplicate':
        case 'unknown-prekey':
        case 'malformed':
          return { failure: error.code, detail: error.message }
        case 'untrusted-identity':
          // A ratchet of another identity than the certified one: whatever it is, a renewed one will be right.
          return { failure: 'undecryptable', detail: error.message }
        default:
          throw error
      }
    }
  }

  async ownBundle(): Promise<PrekeyBundle> {
    const { bundle, change } = this.#prekeys.bundle()
    await this.#store.commits.run(() => change.apply())
    return bundle
  }

  #identityOf(device: DeviceKey): string {
    const row = this.#store.devices.get(device)
    if (row === undefined) throw new RatchetError('untrusted-identity', 'a device that is not known')
    return row.signalIdentity
  }
}
