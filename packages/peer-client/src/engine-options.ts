// What the engine of a peer is told when it starts.
import type { AccountId, DeviceKey } from '@parley/shared/ids.ts'
import type { PeerAddress } from '#connection/peer-address.ts'
import type { DeliveryLog } from '#delivery/ports.ts'
import type { MembershipOptions } from '#directory/membership.ts'
import type { CurrentIdentity } from '#identity/current-identity.ts'
import type { ProfileKey } from '#identity/profile-key.ts'
import type { NetworkSettings } from './network.ts'

export interface EngineOptions extends NetworkSettings {
  /** Of a profile with a passphrase. */
  readonly key: ProfileKey | undefined
  readonly identity: CurrentIdentity
  readonly directory: Pick<MembershipOptions, 'url' | 'ca' | 'registrationToken' | 'hidesPresence'> | undefined
  /** Where to listen for other peers; port 0 takes a free one. */
  readonly listen: { readonly host: string; readonly port: number }
  readonly peers: readonly PeerAddress[]
  readonly log: DeliveryLog
  /** Application bytes from a device (`sendRaw`). */
  readonly onRaw: (account: AccountId, bytes: Uint8Array) => void
  /** Something about a device changed that a list of peers shows. */
  readonly onPeerChange: (device: DeviceKey) => void
  /** The disk failed: nothing is accepted or acknowledged any more. */
  readonly onBroken: (error: Error) => void
}
