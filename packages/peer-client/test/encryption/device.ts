import { DeviceKey } from '@parley/shared/ids.ts'
import { generateKeyPair } from '@parley/shared/keys.ts'
import type { PrekeyBundle } from '@parley/shared/signed/prekeys.ts'
import type { KeyChange } from '#encryption/key-change.ts'
import { Prekeys } from '#encryption/prekeys.ts'
import { Ratchets } from '#encryption/ratchets.ts'
import { generateSignalIdentity } from '#encryption/signal-identity.ts'
import { type Database, openDatabase } from '#store/database.ts'

/** One installation with its own database; `now` can be moved. */
export class TestDevice {
  readonly device = generateKeyPair(DeviceKey).publicKey
  readonly identity = generateSignalIdentity()
  readonly database: Database
  readonly ratchets: Ratchets
  readonly prekeys: Prekeys
  now = Date.UTC(2026, 10, 21)

  constructor(file = ':memory:') {
    this.database = openDatabase(file)
    const { database, identity: signalIdentity, device: myDevice } = this
    const now = () => this.now
    this.ratchets = new Ratchets({ database, signalIdentity, myDevice, now })
    this.prekeys = new Prekeys({ database, signalIdentity, now })
  }

  commit(change: KeyChange): void {
    this.database.transaction(() => change.apply()).immediate()
  }

  bundle(): PrekeyBundle {
    const { bundle, change } = this.prekeys.bundle()
    this.commit(change)
    return bundle
  }

  /** The bundle that a directory makes of a batch, with its last-resort key. */
  lastResortBundle(): PrekeyBundle {
    const { batch, change } = this.prekeys.batch(100)
    this.commit(change)
    return { v: 1, registrationId: batch.registrationId, signed: batch.signed, kyber: batch.lastResort }
  }

  async seal(to: TestDevice, text: string | Uint8Array, bundle?: PrekeyBundle): Promise<Uint8Array> {
    const plaintext = typeof text === 'string' ? Buffer.from(text) : text
    const { bytes, change } = await this.ratchets.seal({ ...to.certified, plaintext, bundle })
    this.commit(change)
    return bytes
  }

  async open(from: TestDevice, bytes: Uint8Array): Promise<{ text: string; begun: boolean }> {
    const { plaintext, begun, change } = await this.ratchets.open({ ...from.certified, bytes })
    this.commit(change)
    return { text: Buffer.from(plaintext).toString(), begun }
  }

  get certified(): { device: DeviceKey; signalIdentity: string } {
    return { device: this.device, signalIdentity: this.identity.publicKey }
  }

  /** What this device keeps about another, for putting it back later. */
  ratchetWith(other: TestDevice): Buffer {
    return (
      this.database
        .prepare<[string], Buffer>('SELECT record FROM ratchets WHERE device = ?')
        .pluck()
        .get(other.device) ?? Buffer.alloc(0)
    )
  }

  restoreRatchet(other: TestDevice, record: Buffer): void {
    this.database.prepare('UPDATE ratchets SET record = ? WHERE device = ?').run(record, other.device)
  }

  count(table: string): number {
    return this.database.prepare<[], number>(`SELECT count(*) FROM ${table}`).pluck().get() ?? 0
  }

  [Symbol.dispose](): void {
    this.database.close()
  }
}

/** Alice begins from Bob's bundle, Bob answers: after it both have a ratchet that the other side confirmed. */
export async function introduce(alice: TestDevice, bob: TestDevice): Promise<void> {
  await bob.open(alice, await alice.seal(bob, 'hello', bob.bundle()))
  await alice.open(bob, await bob.seal(alice, 'hello yourself'))
}

/** The code of the error with which `promise` rejects, or 'none'. */
export async function codeOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
    return 'none'
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error
  }
}
