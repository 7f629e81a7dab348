import type { HeartbeatAnswer } from '@parley/shared/directory-api/heartbeat.ts'
import type { AccountId, Name } from '@parley/shared/ids.ts'
import { MAX_COMMIT_WORKS } from '@parley/shared/limits.ts'
import { verifyDeviceProof } from '@parley/shared/signed/device-proof.ts'
import { type ClaimedDevice, type RecordsContext, requireDevice } from './context.ts'
import { RefusedError, staleSeq } from './refused-error.ts'

/** A heartbeat that was accepted. */
export interface Heartbeat {
  readonly device: ClaimedDevice
  readonly status: 'online' | 'offline'
  readonly n: number
  /** Unix milliseconds. */
  readonly at: number
  readonly address: string
}

export interface HeartbeatIntakeOptions {
  readonly context: RecordsContext
  readonly onlineMs: number
  /** The number of the device's last heartbeat, if it is not on disk only. */
  readonly lastNumber: (device: ClaimedDevice) => number | undefined
  readonly hasRoomFor: (device: ClaimedDevice) => boolean
  readonly accepted: (heartbeat: Heartbeat) => void
  readonly isOnline: (accountId: AccountId) => boolean
}

/** Takes heartbeats of devices that keep no presence socket. */
export class HeartbeatIntake {
  readonly #options: HeartbeatIntakeOptions

  constructor(options: HeartbeatIntakeOptions) {
    this.#options = options
  }

  /** Does not wait for the disk. Rejects with SignedObjectError or RefusedError. */
  async take(name: Name, jws: string, address: string): Promise<HeartbeatAnswer> {
    const { context, onlineMs, lastNumber, hasRoomFor, accepted, isOnline } = this.#options
    const proof = await verifyDeviceProof('heartbeat', jws, context.audience)
    if (proof.name !== name) throw new RefusedError('wrong-name', `the heartbeat is for ${proof.name}, not for ${name}`)
    const row = requireDevice(context, proof)
    if (row instanceof RefusedError) throw row
    const { accountId, deviceKey, status, n } = proof
    const device = { name, accountId, deviceKey }
    const last = lastNumber(device) ?? context.tables.heartbeats.lastNumber(accountId, deviceKey)
    if (last !== undefined && n <= last) throw staleSeq('n', last)
    if (!hasRoomFor(device)) throw new RefusedError('busy', 'too many devices send heartbeats; try again later')
    const at = context.now()
    accepted({ device, status, n, at, address })
    return {
      status: isOnline(accountId) ? 'online' : 'offline',
      ...(status === 'online' && { onlineUntil: at + onlineMs }),
      observedAddress: address,
    }
  }
}

/** Resolves when the numbers are on disk, and when and where each account was here. */
export async function recordHeartbeats(
  { tables, commit }: RecordsContext,
  heartbeats: readonly Heartbeat[],
): Promise<void> {
  for (let from = 0; from < heartbeats.length; from += MAX_COMMIT_WORKS) {
    const some = heartbeats.slice(from, from + MAX_COMMIT_WORKS)
    await commit.run(() => {
      for (const { device, n, at, address } of some) {
        tables.heartbeats.put(device.accountId, device.deviceKey, n)
        if (tables.users.namesOf(device.accountId).length > 0) tables.sightings.seen(device.accountId, at, address)
      }
    })
  }
}
