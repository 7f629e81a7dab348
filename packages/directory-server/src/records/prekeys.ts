import { digestOf } from '@parley/shared/hashes.ts'
import type { AccountId, DeviceKey, Name } from '@parley/shared/ids.ts'
import { MAX_ONE_TIME_PREKEYS } from '@parley/shared/limits.ts'
import { type PrekeyClaim, type PrekeyUpload, verifyDeviceProof } from '@parley/shared/signed/device-proof.ts'
import type { Jws } from '@parley/shared/signed/jws.ts'
import { OneTimePrekey, PrekeyBatch, type PrekeyBundle } from '@parley/shared/signed/prekeys.ts'
import { JsonError, parseStrictJson } from '@parley/shared/strict-json.ts'
import type { StoredPair } from '#store/one-time-prekeys-table.ts'
import { decide, isDeviceInForce, type RecordsContext, requireDevice } from './context.ts'
import { RefusedError, staleSeq } from './refused-error.ts'

export interface PrekeysOptions {
  readonly context: RecordsContext
  /** Somebody took a pair; so many are left. */
  readonly onClaimed: (accountId: AccountId, device: DeviceKey, oneTime: number) => void
}

// The keys carry signatures by the Signal identity of the device. The directory does not know that curve's signatures and
// need not: whoever claims a bundle checks them against the device certificate, so a wrong key harms only its uploader.

/** Keeps the prekeys of devices and hands each one-time pair out once. */
export class Prekeys {
  readonly #context: RecordsContext
  readonly #onClaimed: PrekeysOptions['onClaimed']

  constructor({ context, onClaimed }: PrekeysOptions) {
    this.#context = context
    this.#onClaimed = onClaimed
  }

  /** How many one-time pairs are held then; on disk. Rejects with SignedObjectError or RefusedError. */
  async upload(name: Name, device: DeviceKey, jws: Jws, text: string): Promise<number> {
    const upload = await verifyDeviceProof('upload', jws, this.#context.audience)
    if (upload.name !== name) throw new RefusedError('wrong-name', `the upload is for ${upload.name}, not for ${name}`)
    if (upload.deviceKey !== device) {
      throw new RefusedError('bad-request', 'the upload is by another device than the address names')
    }
    if (digestOf(text) !== upload.prekeys) {
      throw new RefusedError('bad-prekeys', 'the prekeys are not those whose digest was signed')
    }
    const batch = readBatch(text)
    return decide(this.#context, () => this.#store(upload, digestOf(jws), batch))
  }

  /** How many one-time pairs are held. Throws RefusedError. */
  count(name: Name, device: DeviceKey): number {
    const { users, devices, oneTimePrekeys } = this.#context.tables
    const holder = users.holder(name)
    if (holder === undefined) throw new RefusedError('unknown-name', `nobody holds the name ${name}`)
    if (!devices.isListed(name, holder.accountId, device)) throw unknownDevice(name)
    return oneTimePrekeys.count(holder.accountId, device)
  }

  /**
   * A bundle; its one-time pair is gone from disk by then. Without `mayTakePair` it has the last-resort key, which always
   * answers. Rejects with SignedObjectError or RefusedError.
   */
  async claim(name: Name, device: DeviceKey, jws: Jws, mayTakePair: () => boolean): Promise<PrekeyBundle> {
    const claim = await verifyDeviceProof('claim', jws, this.#context.audience)
    if (claim.target !== device) {
      throw new RefusedError('bad-request', 'the claim is for another device than the address names')
    }
    const { bundle, owner, left } = await decide(this.#context, () =>
      this.#handOut(name, claim, digestOf(jws), mayTakePair),
    )
    this.#onClaimed(owner, device, left)
    return bundle
  }

  #store(upload: PrekeyUpload, digest: ReturnType<typeof digestOf>, batch: PrekeyBatch): number | RefusedError {
    const { counters, oneTimePrekeys, prekeyBatches } = this.#context.tables
    const { accountId, deviceKey, n } = upload
    const row = requireDevice(this.#context, upload)
    if (row instanceof RefusedError) return row
    const before = counters.get(accountId, deviceKey, 'upload')
    if (before?.digest === digest) return oneTimePrekeys.count(accountId, deviceKey)
    if (before !== undefined && n <= before.n) return staleSeq('n', before.n)
    const pairs = batch.oneTime.map(pairOf)
    const held = oneTimePrekeys.count(accountId, deviceKey)
    if (held + pairs.length > MAX_ONE_TIME_PREKEYS) {
      return new RefusedError(
        'bad-prekeys',
        `${held} one-time pairs are held already, of ${MAX_ONE_TIME_PREKEYS} at most`,
      )
    }
    for (const pair of pairs) {
      if (!oneTimePrekeys.holds(accountId, deviceKey, pair)) continue
      return new RefusedError('bad-prekeys', `one of the ids ${pair.curveId} and ${pair.kyberId} is held already`)
    }
    counters.put(accountId, deviceKey, 'upload', { n, digest })
    prekeyBatches.put(accountId, deviceKey, JSON.stringify(LastingKeys.parse(batch)))
    for (const pair of pairs) oneTimePrekeys.add(accountId, deviceKey, pair)
    return held + pairs.length
  }

  #handOut(
    name: Name,
    claim: PrekeyClaim,
    digest: ReturnType<typeof digestOf>,
    mayTakePair: () => boolean,
  ): { bundle: PrekeyBundle; owner: AccountId; left: number } | RefusedError {
    const { counters, devices, oneTimePrekeys, prekeyBatches, users } = this.#context.tables
    if (!isDeviceInForce(this.#context, claim)) {
      return new RefusedError('not-a-user', `the record of ${claim.name} in force does not list the claiming device`)
    }
    const before = counters.get(claim.accountId, claim.deviceKey, 'claim')
    if (before !== undefined && claim.n <= before.n) return staleSeq('n', before.n)
    const holder = users.holder(name)
    if (holder === undefined) return new RefusedError('unknown-name', `nobody holds the name ${name}`)
    const owner = holder.accountId
    if (!devices.isListed(name, owner, claim.target)) return unknownDevice(name)
    const lasting = prekeyBatches.get(owner, claim.target)
    if (lasting === undefined) return new RefusedError('no-prekeys', `this device of ${name} never uploaded prekeys`)

    counters.put(claim.accountId, claim.deviceKey, 'claim', { n: claim.n, digest })
    const { v, registrationId, signed, lastResort } = LastingKeys.parse(JSON.parse(lasting))
    const pair = mayTakePair() ? oneTimePrekeys.take(owner, claim.target) : undefined
    const keys = pair === undefined ? { kyber: lastResort } : OneTimePrekey.parse(JSON.parse(pair))
    return {
      bundle: { v, registrationId, signed, ...keys },
      owner,
      left: oneTimePrekeys.count(owner, claim.target),
    }
  }
}

const LastingKeys = PrekeyBatch.omit({ oneTime: true }).strip()

function readBatch(text: string): PrekeyBatch {
  const batch = PrekeyBatch.safeParse(parseJson(text))
  if (!batch.success) {
    const issue = batch.error.issues[0]
    throw new RefusedError('bad-prekeys', `not a batch of prekeys: ${issue?.path.join('.')}: ${issue?.message}`)
  }
  const { oneTime } = batch.data
  if (
    new Set(oneTime.map((pair) => pair.curve.id)).size < oneTime.length ||
    new Set(oneTime.map((pair) => pair.kyber.id)).size < oneTime.length
  ) {
    throw new RefusedError('bad-prekeys', 'an id occurs twice in this batch')
  }
  return batch.data
}

function parseJson(text: string): unknown {
  try {
    return parseStrictJson(text)
  } catch (error) {
    if (!(error instanceof JsonError)) throw error
    throw new RefusedError('bad-prekeys', `the prekeys are not a batch: ${error.message}`)
  }
}

function pairOf(pair: OneTimePrekey): StoredPair {
  return { curveId: pair.curve.id, kyberId: pair.kyber.id, pair: JSON.stringify(pair) }
}

function unknownDevice(name: Name): RefusedError {
  return new RefusedError('unknown-device', `the record of ${name} does not list this device`)
}
