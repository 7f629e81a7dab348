// From what a person types to an account: contacts first, then the directory.
import { AccountId, type DeviceKey, foldName, type Name } from '@parley/shared/ids.ts'
import type { DeliveryLog } from '#delivery/ports.ts'
import type { DirectoryClient } from '#directory/directory-client.ts'
import { DirectoryError } from '#directory/directory-error.ts'
import type { VerifiedUser } from '#directory/verified-user.ts'
import type { Store } from '#store/store.ts'
import type { Contacts } from './contacts.ts'
import { ConversationError } from './conversation-error.ts'

export interface KnownDirectory {
  readonly client: Pick<DirectoryClient, 'follow' | 'audience'>
  /** What may stand after the @ of a name. */
  readonly host: string
  /** The audience as far as it is known without asking. */
  pinnedAudience(): string | undefined
  readonly isOnline: boolean
}

interface PeopleDeps {
  readonly store: Store
  readonly contacts: Contacts
  readonly me: AccountId
  readonly directory: KnownDirectory | undefined
  readonly log: Pick<DeliveryLog, 'debug'>
}

const ACCOUNT_ID_CHARS = 43
const MAX_TYPED_NAMES = 256

export class People {
  readonly #log: PeopleDeps['log']
  readonly #store: Store
  readonly #contacts: Contacts
  readonly #me: AccountId
  readonly #directory: KnownDirectory | undefined
  readonly #typed = new Map<string, Name>()

  constructor(deps: PeopleDeps) {
    this.#store = deps.store
    this.#contacts = deps.contacts
    this.#me = deps.me
    this.#directory = deps.directory
    this.#log = deps.log
  }

  /** A contact, as far as that is known without asking anybody. Throws `unknown-name` for what cannot be a name. */
  known(who: string): AccountId | undefined {
    const id = who.length === ACCOUNT_ID_CHARS ? AccountId.safeParse(who).data : undefined
    if (id !== undefined && (id === this.#me || this.#contacts.get(id) !== undefined)) return id
    return this.#contacts.byNickname(who) ?? this.#contacts.byName(this.#directory?.pinnedAudience(), this.#nameOf(who))
  }

  /** Throws `unknown-name`, `directory-unreachable`, or `key-changed` when the name is somebody else's now and nobody is pinned. */
  async resolve(who: string, signal?: AbortSignal): Promise<AccountId> {
    const known = this.known(who)
    if (known !== undefined) return known
    const name = this.#nameOf(who)
    const user = await this.lookup(name, signal)
    if (user === undefined) {
      throw new ConversationError(
        'unknown-name',
        this.#directory === undefined
          ? `${name} is not a contact, and this profile uses no directory: connect to HOST:PORT first`
          : `nobody is called ${name} at ${this.#directory.host}`,
      )
    }
    return user.account.record.accountId
  }

  /** Looks a name up, and where it moved, and takes in what is served; undefined when nobody has it, or there is no directory. */
  async lookup(name: Name, signal?: AbortSignal): Promise<VerifiedUser | undefined> {
    if (this.#directory === undefined) return undefined
    const { client, host } = this.#directory
    try {
      const followed = await client.follow(name, { signal })
      if (followed === undefined) return undefined
      const { user, movedFrom } = followed
      if (user.account.record.accountId !== this.#me) {
        await this.#contacts.adopt(await client.audience({ signal }), user, movedFrom)
      }
      return user
    } catch (error) {
      if (error instanceof DirectoryError && error.isTemporary) {
        throw new ConversationError(
          'directory-unreachable',
          `the directory at ${host} does not answer: ${error.message}`,
          { cause: error },
        )
      }
      throw error
    }
  }

  /**
   * Asks the directory whose name it is, when that is in doubt: nobody vouched for it yet, or it stood for somebody else when it
   * was last asked. `said` is the name by which the account calls itself.
   */
  checkName(account: AccountId, said: Name): void {
    const vouched = this.vouchedName(account)
    const isInDoubt = vouched === undefined || this.#contacts.get(account)?.offeredAs === 'other-account'
    if (!isInDoubt || this.#directory?.isOnline !== true) return
    this.lookup(vouched ?? said).catch((error: unknown) =>
      this.#log.debug({ err: error }, 'a name could not be checked'),
    )
  }

  /** The account of a device as its directory serves it now. A name that stands for somebody else now says nothing about the device. */
  async lookupDevice(device: DeviceKey, signal?: AbortSignal): Promise<VerifiedUser | undefined> {
    const name = this.vouchedName(this.#store.devices.get(device)?.account)
    const user = name === undefined ? undefined : await this.lookup(name, signal)
    return user?.account.record.accountId === this.#store.devices.get(device)?.account ? user : undefined
  }

  /** The name under which a directory knows the account. */
  vouchedName(account: AccountId | undefined): Name | undefined {
    const directory = this.#directory?.pinnedAudience()
    if (account === undefined || directory === undefined) return undefined
    return this.#store.contacts.namesOf(account).find((one) => one.directory === directory)?.name
  }

  /** The same few are typed again and again, and a program types them for every message. */
  #nameOf(who: string): Name {
    let name = this.#typed.get(who)
    if (name === undefined) {
      name = this.#readName(who)
      if (this.#typed.size >= MAX_TYPED_NAMES) this.#typed.clear()
      this.#typed.set(who, name)
    }
    return name
  }

  #readName(who: string): Name {
    const [typed = '', host, ...rest] = who.split('@')
    const name = foldName(typed)
    if (name === undefined || rest.length > 0)
      throw new ConversationError('unknown-name', `"${who}" is not a name: a name is 1 to 32 of a-z 0-9 . _ -`)
    if (host !== undefined && host !== this.#directory?.host) {
      throw new ConversationError(
        'unknown-name',
        `the directory ${host} is not the one of this profile (${this.#directory?.host ?? 'none'})`,
      )
    }
    return name
  }
}
