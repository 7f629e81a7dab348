// What the user does with the own account: a new key, and what it says of itself. Each change is on the disk before anybody hears of
// it; the directory is told by the registration, which looks again until the two agree, also after a restart.
import { MAX_DISPLAY_NAME_CHARS, MAX_ROTATIONS } from '@parley/shared/limits.ts'
import type { OwnProfile, OwnProfileChange, RotatedKey } from '@parley/shared/local-api/account.ts'
import { type Membership, PROFILE_FACT } from '#directory/membership.ts'
import { readProfile } from '#directory/my-record.ts'
import { type CurrentIdentity, withNewAccountKey } from '#identity/current-identity.ts'
import type { Store } from '#store/store.ts'
import { ConversationError } from './conversation-error.ts'

export interface OwnAccountDeps {
  readonly identity: CurrentIdentity
  readonly store: Store
  readonly membership: Pick<Membership, 'refresh'> | undefined
  /** Ends all sessions and begins them again, so that the other sides see the new certificate. */
  readonly reconnect: () => void
  readonly now: () => number
}

const ACCOUNT_KEY_FACT = 'account-key'

export class OwnAccount {
  readonly #deps: OwnAccountDeps

  constructor(deps: OwnAccountDeps) {
    this.#deps = deps
  }

  /** What a stop of the program left undone after a rotation: the event. The rest is done by whoever looks at the identity anyway. */
  async resume(): Promise<void> {
    const { store, identity, now } = this.#deps
    const { accountId: account, account: keys, rotations } = identity
    const noted = store.meta.get(ACCOUNT_KEY_FACT)
    if (noted === keys.publicKey) return
    await store.commits.run(() => {
      store.meta.set(ACCOUNT_KEY_FACT, keys.publicKey)
      if (noted !== undefined && rotations.length > 0)
        store.events.insert({ kind: 'key-rotated', at: now(), account, detail: keys.publicKey })
    })
  }

  /** Resolves when the new key is in force here. Rejects with `too-many-rotations`. */
  async rotateKey(): Promise<RotatedKey> {
    const { identity, membership, reconnect, now } = this.#deps
    await identity.change((current) => {
      if (current.rotations.length >= MAX_ROTATIONS)
        throw new ConversationError(
          'too-many-rotations',
          `this account has rotated its key ${MAX_ROTATIONS} times already, and its record has no room for more`,
        )
      return withNewAccountKey(current, now())
    })
    await this.resume()
    membership?.refresh()
    reconnect()
    const { accountId: account, account: keys, rotations } = identity
    return { account, key: keys.publicKey, rotations: rotations.length }
  }

  profile(): OwnProfile {
    const { identity, store } = this.#deps
    const { statusText = '' } = readProfile(store.meta.get(PROFILE_FACT)) ?? {}
    return { name: identity.name, displayName: identity.displayName, statusText }
  }

  /** What is not said stays as it is; an empty status text is none. Resolves when it is on the disk here. */
  async changeProfile({ displayName, statusText }: OwnProfileChange): Promise<OwnProfile> {
    const { identity, store, membership } = this.#deps
    if (displayName !== undefined) {
      if (displayName === '' || displayName.length > MAX_DISPLAY_NAME_CHARS)
        throw new RangeError(`a display name has 1 to ${MAX_DISPLAY_NAME_CHARS} characters`)
      await identity.change(({ ...current }) => Promise.resolve({ ...current, displayName }))
    }
    if (statusText !== undefined) {
      const before = readProfile(store.meta.get(PROFILE_FACT)) ?? {}
      const { statusText: _, ...rest } = before
      const profile = statusText === '' ? rest : { ...rest, statusText }
      await store.commits.run(() => store.meta.set(PROFILE_FACT, JSON.stringify(profile)))
    }
    membership?.refresh()
    return this.profile()
  }
}
