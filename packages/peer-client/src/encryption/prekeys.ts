import { randomInt } from 'node:crypto'
import {
  LOW_ONE_TIME_PREKEYS,
  MAX_KEPT_ONE_TIME_PREKEYS,
  MAX_ONE_TIME_PREKEYS,
  MAX_SIGNED_PREKEY_AGE_MS,
  SIGNED_PREKEY_ROTATION_MS,
} from '@parley/shared/limits.ts'
import type { OneTimePrekey, PrekeyBatch, PrekeyBundle } from '@parley/shared/signed/prekeys.ts'
import type { PrivateKey } from '@signalapp/libsignal-client'
import { CurvePrekeysTable } from '#store/curve-prekeys-table.ts'
import type { Database } from '#store/database.ts'
import { KyberPrekeysTable } from '#store/kyber-prekeys-table.ts'
import { SignedPrekeysTable } from '#store/signed-prekeys-table.ts'
import { UsedBaseKeysTable } from '#store/used-base-keys-table.ts'
import type { KeyChange } from './key-change.ts'
import { NewPrekeys, type PrekeyTables } from './new-prekeys.ts'
import { identityKeyPairOf, type SignalIdentity } from './signal-identity.ts'

export interface PrekeysOptions {
  readonly database: Database
  readonly signalIdentity: SignalIdentity
  readonly now?: () => number
  /** From `from` up to, but not including, `to`. */
  readonly random?: (from: number, to: number) => number
}

/**
 * Makes the prekeys with which others begin a ratchet with this device. What is returned beside a `change` may leave only after that
 * change is committed: a public half whose private half was lost makes messages that nobody can open.
 */
export class Prekeys {
  readonly #tables: PrekeyTables
  readonly #identity: PrivateKey
  readonly #registrationId: number
  readonly #now: () => number
  readonly #random: (from: number, to: number) => number

  /** Throws RatchetError `bad-identity`. */
  constructor({ database, signalIdentity, now = Date.now, random = randomInt }: PrekeysOptions) {
    this.#tables = {
      curve: new CurvePrekeysTable(database),
      signed: new SignedPrekeysTable(database),
      kyber: new KyberPrekeysTable(database),
      usedBaseKeys: new UsedBaseKeysTable(database),
    }
    this.#identity = identityKeyPairOf(signalIdentity).privateKey
    this.#registrationId = signalIdentity.registrationId
    this.#now = now
    this.#random = random
  }

  /** The directory, which holds `held` one-time prekeys of this device, should get a batch. */
  isBatchDue(held: number): boolean {
    const now = this.#now()
    const newest = this.#tables.signed.newest(now - SIGNED_PREKEY_ROTATION_MS, now)
    return held < LOW_ONE_TIME_PREKEYS || newest === undefined
  }

  /** For the directory, which holds `held` one-time prekeys: as many as bring it to the most it takes. */
  batch(held: number): { batch: PrekeyBatch; change: KeyChange } {
    const made = this.#make(SIGNED_PREKEY_ROTATION_MS)
    const oneTime: OneTimePrekey[] = []
    while (held + oneTime.length < MAX_ONE_TIME_PREKEYS) oneTime.push(made.oneTime())
    const { signed, lastResort } = made
    return { batch: { v: 1, registrationId: this.#registrationId, signed, lastResort, oneTime }, change: made }
  }

  /**
   * For one peer. Carries one-time prekeys; but when so many wait unused that more would push out what the directory hands out, as after
   * a peer that asks again and again, the last-resort one.
   */
  bundle(): { bundle: PrekeyBundle; change: KeyChange } {
    const made = this.#make(MAX_SIGNED_PREKEY_AGE_MS)
    const isFull = this.#tables.curve.count() >= MAX_KEPT_ONE_TIME_PREKEYS
    const keys = isFull ? { kyber: made.lastResort } : made.oneTime()
    return { bundle: { v: 1, registrationId: this.#registrationId, signed: made.signed, ...keys }, change: made }
  }

  #make(maxAgeMs: number): NewPrekeys {
    return new NewPrekeys(this.#tables, {
      identity: this.#identity,
      at: this.#now(),
      maxAgeMs,
      random: this.#random,
    })
  }
}
