// Who gets a session at all, before anybody asks who he is: the owner's blacklist, and the secret of a closed network.
import type { AccountId, DeviceKey } from '@parley/shared/ids.ts'
import type { Endpoint } from '@parley/shared/signed/device-statement.ts'
import type { Blacklist } from '#discovery/blacklist.ts'
import { BlacklistFile } from '#discovery/blacklist-file.ts'
import type { Candidate, Verdict } from '#session/judge.ts'
import { isNetworkProof, networkProof } from '#session/network-token.ts'
import type { Session } from '#session/session.ts'
import type { Failure } from './attempt.ts'

export interface DoorkeeperOptions {
  readonly me: DeviceKey
  /** The path of blacklist.txt. */
  readonly blacklist: string
  /** Only devices that know it too get a session. */
  readonly networkToken: string | undefined
  readonly log: {
    info(fields: object, text: string): void
    warn(fields: object, text: string): void
    error(fields: object, text: string): void
  }
}

const BLACKLISTED: Failure = { outcome: 'blacklisted', detail: 'its address is in blacklist.txt' }

export class Doorkeeper {
  readonly #options: DoorkeeperOptions
  readonly #file: BlacklistFile

  /** Throws BlacklistError. */
  constructor(options: DoorkeeperOptions) {
    this.#options = options
    this.#file = new BlacklistFile(options.blacklist)
  }

  readonly isUnwelcome = (address: string): boolean => this.#file.list.hasAddress(address)

  readonly refuses = ({ host }: Endpoint): Failure | undefined =>
    this.#file.list.hasAddress(host) ? BLACKLISTED : undefined

  readonly isBlacklisted = (identity: AccountId | DeviceKey): boolean => this.#file.list.hasIdentity(identity)

  /** What a hello to that device carries. */
  proofFor(remote: DeviceKey): string | undefined {
    const { networkToken, me } = this.#options
    return networkToken === undefined ? undefined : networkProof(networkToken, me, remote)
  }

  judge({ device, certificate, hello }: Candidate): Verdict {
    const { networkToken, me, log } = this.#options
    if (networkToken === undefined || isNetworkProof(hello.networkToken, networkToken, device, me)) return 'accept'
    log.warn({ device, account: certificate.accountId }, 'a device that does not know the network token was sent away')
    return { bye: 'wrong-network' }
  }

  /** `onChange` is called after each new version of the list, until `stop`. */
  watch(onChange: () => void): void {
    const { log } = this.#options
    this.#file.watch({
      onChange: ({ identities, networks }) => {
        log.info({ identities, networks }, 'the blacklist was read again')
        onChange()
      },
      onBroken: (error) => log.error({ err: error }, 'the blacklist cannot be read; the one before it stays in force'),
    })
  }

  stop(): void {
    this.#file.stop()
  }

  /** A session that would not come up any more. */
  mustLeave({ device, certificate, remoteAddress }: Session): boolean {
    const list: Blacklist = this.#file.list
    if (list.hasIdentity(device) || list.hasIdentity(certificate.accountId)) return true
    return remoteAddress !== undefined && list.hasAddress(remoteAddress)
  }
}
