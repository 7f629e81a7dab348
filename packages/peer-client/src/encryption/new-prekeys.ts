import { MAX_KEPT_ONE_TIME_PREKEYS, PREKEYS_KEPT_MS } from '@parley/shared/limits.ts'
import type { OneTimePrekey, PrekeyBundle } from '@parley/shared/signed/prekeys.ts'
import type { PrivateKey } from '@signalapp/libsignal-client'
import type { CurvePrekeysTable } from '#store/curve-prekeys-table.ts'
import type { KyberPrekeysTable } from '#store/kyber-prekeys-table.ts'
import type { SignedPrekeysTable } from '#store/signed-prekeys-table.ts'
import type { UsedBaseKeysTable } from '#store/used-base-keys-table.ts'
import type { KeyChange } from './key-change.ts'
import {
  makeCurvePrekey,
  makeKyberPrekey,
  makeSignedPrekey,
  type PrekeyPair,
  readKyberPrekey,
  readSignedPrekey,
} from './prekey-pairs.ts'

export interface PrekeyTables {
  readonly curve: CurvePrekeysTable
  readonly signed: SignedPrekeysTable
  readonly kyber: KyberPrekeysTable
  readonly usedBaseKeys: UsedBaseKeysTable
}

interface Making {
  readonly identity: PrivateKey
  readonly at: number
  /** Older signed and last-resort prekeys are made anew. */
  readonly maxAgeMs: number
  readonly random: (from: number, to: number) => number
}

const FIRST_ID = 1
const LAST_ID = 0xff_ff_ff

/** The prekeys that one batch or bundle needs: those in force and those made for it, which `apply` stores. */
export class NewPrekeys implements KeyChange {
  readonly signed: PrekeyBundle['signed']
  readonly lastResort: PrekeyBundle['kyber']
  readonly #tables: PrekeyTables
  readonly #making: Making
  readonly #newSigned: PrekeyPair<PrekeyBundle['signed']> | undefined
  readonly #newLastResort: PrekeyPair<PrekeyBundle['kyber']> | undefined
  readonly #newOneTime = new Map<number, { readonly curve: Uint8Array; readonly kyber: Uint8Array }>()

  constructor(tables: PrekeyTables, making: Making) {
    this.#tables = tables
    this.#making = making
    const { identity, at, maxAgeMs } = making
    // A key dated after now is one from before the clock was set back: it opens what it must, but would never get old.
    const signed = tables.signed.newest(at - maxAgeMs, at)
    if (signed === undefined) {
      this.#newSigned = makeSignedPrekey(this.#freshId(), at, identity)
      this.signed = this.#newSigned.public
    } else {
      this.signed = readSignedPrekey(signed)
    }
    const lastResort = tables.kyber.newestLastResort(at - maxAgeMs, at)
    if (lastResort === undefined) {
      this.#newLastResort = makeKyberPrekey(this.#freshId(), at, identity)
      this.lastResort = this.#newLastResort.public
    } else {
      this.lastResort = readKyberPrekey(lastResort)
    }
  }

  oneTime(): OneTimePrekey {
    const id = this.#freshId()
    const curve = makeCurvePrekey(id)
    const kyber = makeKyberPrekey(id, this.#making.at, this.#making.identity)
    this.#newOneTime.set(id, { curve: curve.record, kyber: kyber.record })
    return { curve: curve.public, kyber: kyber.public }
  }

  apply(): void {
    const { curve, signed, kyber } = this.#tables
    const { at } = this.#making
    this.#prune()
    if (this.#newSigned !== undefined) signed.insert(this.#newSigned.public.id, this.#newSigned.record, at)
    if (this.#newLastResort !== undefined) {
      kyber.insert(this.#newLastResort.public.id, this.#newLastResort.record, true, at)
    }
    for (const [id, pair] of this.#newOneTime) {
      curve.insert(id, pair.curve, at)
      kyber.insert(id, pair.kyber, false, at)
    }
  }

  #prune(): void {
    const { curve, signed, kyber, usedBaseKeys } = this.#tables
    const oldest = this.#making.at - PREKEYS_KEPT_MS
    for (const table of [curve, signed, kyber, usedBaseKeys]) table.deleteOlder(oldest)
    const room = MAX_KEPT_ONE_TIME_PREKEYS - this.#newOneTime.size
    curve.keepNewest(room)
    kyber.keepNewestOneTime(room)
  }

  /**
   * Random, not counted: a number that comes back, because a key was deleted or the profile is an older copy of itself, would make a
   * message for the one key look like a broken message for the other.
   */
  #freshId(): number {
    const { curve, signed, kyber } = this.#tables
    for (;;) {
      const id = this.#making.random(FIRST_ID, LAST_ID + 1)
      const isTaken =
        this.#newOneTime.has(id) ||
        this.#newSigned?.public.id === id ||
        this.#newLastResort?.public.id === id ||
        [curve, signed, kyber].some((table) => table.find(id) !== undefined)
      if (!isTaken) return id
    }
  }
}
