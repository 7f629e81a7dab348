import type { PresenceChange } from '@parley/shared/directory-api/presence.ts'
import { audienceOf } from '@parley/shared/hashes.ts'
import type { DeviceKey, Digest, Name } from '@parley/shared/ids.ts'
import { DirectoryKey } from '@parley/shared/ids.ts'
import type { DirectoryState } from '@parley/shared/local-api/status.ts'
import type { DeviceStatement } from '@parley/shared/signed/device-statement.ts'
import type { PrekeyBatch, PrekeyBundle } from '@parley/shared/signed/prekeys.ts'
import type { Identity } from '#identity/identity.ts'
import type { DirectoryAddress } from './directory-address.ts'
import { DirectoryClient } from './directory-client.ts'
import { DirectoryError } from './directory-error.ts'
import type { Route } from './http-exchange.ts'
import { readProfile } from './my-record.ts'
import { PresenceClient } from './presence-client.ts'
import { Registration } from './registration.ts'

/** Under which the profile of the own account is kept among the facts, as JSON. */
export const PROFILE_FACT = 'profile'

export interface MembershipOptions extends DirectoryAddress {
  readonly identity: Identity
  /** Small facts that outlive the process; the directory's key is pinned there. */
  readonly facts: { get(key: string): string | undefined; set(key: string, value: string): void }
  /** Whether others may see there if this account is here; undefined leaves it as it was. */
  readonly hidesPresence?: boolean | undefined
  readonly statement: (
    route: Route | undefined,
    observedAddress: string | undefined,
  ) => Pick<DeviceStatement, 'endpoints' | 'features'>
  readonly prekeys: (held: number) => Promise<PrekeyBatch>
  /** They run low, or the signed one is a week old. */
  readonly isBatchDue: (held: number) => boolean
  /** For a directory that takes new names only with it. */
  readonly registrationToken?: string | undefined
  readonly onPresence: (change: PresenceChange) => void
  readonly log: { info(fields: object, event: string): void; warn(fields: object, event: string): void }
}

/** Being in a directory: registered there, online there, and asking it about others. */
export class Membership {
  readonly client: DirectoryClient
  readonly url: string
  readonly host: string
  readonly #presence: PresenceClient
  readonly #registration: Registration
  readonly #options: MembershipOptions
  #isRegistered = false
  #onlineSince: number | undefined
  #audience: Digest | undefined

  constructor(options: MembershipOptions) {
    const { url, ca, identity, facts, log, hidesPresence } = options
    this.#options = options
    this.url = url
    this.host = new URL(url).host
    this.client = new DirectoryClient({
      url,
      ca,
      identity,
      registrationToken: options.registrationToken,
      pin: {
        get: () => DirectoryKey.safeParse(facts.get(pinOf(url))).data,
        set: (key) => facts.set(pinOf(url), key),
      },
    })
    this.#registration = new Registration({
      directory: this.client,
      identity,
      said: () => {
        const profile = readProfile(facts.get(PROFILE_FACT))
        const seqAbove = Number(facts.get(recordSeqOf(url)) ?? 0)
        return { seqAbove, ...(profile && { profile }), ...(hidesPresence !== undefined && { hidesPresence }) }
      },
      onPublished: ({ account }) => facts.set(recordSeqOf(url), String(account.record.seq)),
      statement: (observedAddress) => options.statement(this.client.route, observedAddress),
      prekeys: options.prekeys,
      isBatchDue: options.isBatchDue,
      onState: (state) => {
        // It is looked after again and again; what is news is that it stands, and that it does not.
        if (state.state === 'registered' && !this.#isRegistered) log.info({ url }, 'registered at the directory')
        if (state.state !== 'working') this.#isRegistered = state.state === 'registered'
        if (state.state === 'waiting')
          log.warn(
            { url, code: state.error.code, reason: state.error.message, until: state.until },
            'the directory does not take the registration now; it is tried again',
          )
        else if (state.state === 'refused')
          log.warn(
            { url, code: state.error.code, reason: state.error.message },
            'the directory refused the registration',
          )
        // Only a registered device can be online; from the first time on, presence looks after itself.
        if (state.state === 'registered') this.#presence.start()
      },
    })
    this.#presence = new PresenceClient({
      url,
      ca,
      identity,
      audience: (abort) => this.client.audience(abort),
      onChange: options.onPresence,
      onPrekeys: (oneTime) => this.#registration.prekeysLeft(oneTime),
      onState: (state) => {
        if (state.state === 'online') {
          this.#onlineSince = Date.now()
          log.info({ url }, 'online at the directory')
          // The directory may have been away, or be another disk: see that it still holds what it should.
          this.#registration.refresh()
        } else if (state.state === 'waiting') {
          log.warn(
            { url, code: state.error.code, reason: state.error.message, until: state.until },
            'not online at the directory',
          )
        }
      },
    })
  }

  get isOnline(): boolean {
    return this.#presence.state.state === 'online'
  }

  get state(): DirectoryState {
    const { url } = this
    const presence = this.#presence.state
    if (presence.state === 'online') return { state: 'online', url, since: this.#onlineSince ?? Date.now() }
    const registration = this.#registration.state
    if (registration.state === 'refused' || registration.state === 'waiting')
      return { state: 'waiting', url, until: registration.until, lastError: registration.error.message }
    if (presence.state === 'waiting')
      return { state: 'waiting', url, until: presence.until, lastError: presence.error.message }
    return { state: 'connecting', url }
  }

  /** The audience as far as it is known without asking. */
  pinnedAudience(): Digest | undefined {
    if (this.#audience === undefined) {
      const key = DirectoryKey.safeParse(this.#options.facts.get(pinOf(this.url))).data
      this.#audience = key && audienceOf(key)
    }
    return this.#audience
  }

  start(): void {
    this.#registration.start()
  }

  /** What this account says changed: tells the directory, as soon as it can be reached. */
  refresh(): void {
    this.#registration.refresh()
  }

  watch(names: readonly Name[]): void {
    try {
      this.#presence.watch(names)
    } catch (error) {
      if (!(error instanceof DirectoryError)) throw error
      this.#options.log.warn({ code: error.code }, 'not every contact can be watched')
    }
  }

  /** A prekey bundle, if the directory is there to give one. Rejects otherwise. */
  async claim(name: Name | undefined, device: DeviceKey, signal: AbortSignal): Promise<PrekeyBundle> {
    if (name === undefined || !this.isOnline)
      throw new DirectoryError('unreachable', 'there is no directory to ask for prekeys now')
    const bundle = await this.client.claimPrekeys(name, device, { signal })
    if (bundle === undefined) throw new DirectoryError('problem', 'the directory has no prekeys of this device')
    return bundle
  }

  async stop(): Promise<void> {
    await Promise.all([this.#presence.stop(), this.#registration.stop()])
    this.client.close()
  }
}

function recordSeqOf(url: string): string {
  return `record-seq ${url}`
}

function pinOf(url: string): string {
  return `directory-key ${url}`
}
