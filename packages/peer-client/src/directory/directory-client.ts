import {
  ClaimedPrekeys,
  type ClaimPrekeys,
  PrekeyCount,
  type PutPrekeys,
} from '@parley/shared/directory-api/prekeys.ts'
import { SearchResult } from '@parley/shared/directory-api/search.ts'
import {
  type DeleteUser,
  type DirectoryInfo,
  type PutRecord,
  type PutStatement,
  type Status,
  User,
  type UserSummary,
  UsersPage,
} from '@parley/shared/directory-api/users.ts'
import { digestOf } from '@parley/shared/hashes.ts'
import type { DeviceKey, Digest, Name } from '@parley/shared/ids.ts'
import { DIRECTORY_TIMEOUT_MS } from '@parley/shared/limits.ts'
import { signAccountRecord } from '@parley/shared/signed/account-record.ts'
import { signDeviceProof } from '@parley/shared/signed/device-proof.ts'
import { type DeviceStatement, signDeviceStatement } from '@parley/shared/signed/device-statement.ts'
import type { Jws } from '@parley/shared/signed/jws.ts'
import type { PrekeyBatch, PrekeyBundle } from '@parley/shared/signed/prekeys.ts'
import { signRetirement } from '@parley/shared/signed/retirement.ts'
import { z } from 'zod'
import type { Identity } from '#identity/identity.ts'
import { Counter } from './counter.ts'
import type { DirectoryAddress } from './directory-address.ts'
import { call } from './directory-calls.ts'
import { type DirectoryKeyPin, PinnedDirectoryKey } from './directory-key.ts'
import { HttpExchange, type HttpRequest, type Route } from './http-exchange.ts'
import { type FollowedUser, followMoves, type Move, moveOf } from './moves.ts'
import { isCurrent, nextRecord, type Said } from './my-record.ts'
import { isWrongAudience, unless, wasOvertaken } from './refusals.ts'
import { type VerifiedUser, verifyUser } from './verified-user.ts'

export interface DirectoryClientOptions extends DirectoryAddress {
  readonly identity: Identity
  readonly pin: DirectoryKeyPin
  /** For a directory that takes new names only with it. */
  readonly registrationToken?: string | undefined
  readonly timeoutMs?: number
  readonly now?: () => number
}

interface Cancellable {
  readonly signal?: AbortSignal | undefined
}

interface PageOptions extends Cancellable {
  readonly cursor?: string | undefined
  readonly limit?: number | undefined
}

/** Two of my devices may publish at the same moment; the second then builds on the record of the first. */
const RECORD_TRIES = 4

/**
 * One directory, as its clients should see it: asked over HTTP, believed only in what verifies. Every method rejects with
 * DirectoryError, or with the reason of its `signal`.
 */
export class DirectoryClient {
  readonly #identity: Identity
  readonly #exchange: HttpExchange
  readonly #key: PinnedDirectoryKey
  readonly #now: () => number
  readonly #statements: Counter
  readonly #uploads: Counter
  readonly #claims: Counter
  readonly #registrationToken: string | undefined

  constructor(options: DirectoryClientOptions) {
    const { url, ca, identity, pin, timeoutMs = DIRECTORY_TIMEOUT_MS, now = Date.now } = options
    this.#identity = identity
    this.#exchange = new HttpExchange({ url, timeoutMs, ca })
    this.#key = new PinnedDirectoryKey(this.#exchange, url, pin)
    this.#now = now
    this.#statements = new Counter(now)
    this.#uploads = new Counter(now)
    this.#claims = new Counter(now)
    this.#registrationToken = options.registrationToken
  }

  /** Over which addresses the directory was reached last. */
  get route(): Route | undefined {
    return this.#exchange.route
  }

  /** Asks anew, and compares the directory's key with the pinned one. */
  info({ signal }: Cancellable = {}): Promise<DirectoryInfo> {
    return this.#key.info(signal)
  }

  /** What all that is signed for this directory names; asks the directory only when it was not asked before. */
  audience({ signal }: Cancellable = {}): Promise<Digest> {
    return this.#key.audience(signal)
  }

  /** Undefined when nobody has the name. */
  async lookup(name: Name, { signal }: Cancellable = {}): Promise<VerifiedUser | undefined> {
    const found = await this.#lookupOrMove(name, signal)
    return found === undefined || 'retirement' in found ? undefined : found
  }

  /** As `lookup`, and when the name was given up for another one, the account under that: it signed that it moved there. */
  follow(name: Name, { signal }: Cancellable = {}): Promise<FollowedUser | undefined> {
    return followMoves(
      name,
      () => this.audience({ signal }),
      (next) => this.#lookupOrMove(next, signal),
    )
  }

  /** Who has it in the name, display name or status text, the best first. Names to look up, nothing signed. */
  async search(q: string, { limit, signal }: Omit<PageOptions, 'cursor'> = {}): Promise<UserSummary[]> {
    const query = new URLSearchParams({ q, ...(limit !== undefined && { limit: String(limit) }) })
    return (await this.#call(SearchResult, { method: 'GET', path: `/v1/search?${query.toString()}`, signal })).users
  }

  /** Who was seen at this address by the directory. Names to look up, nothing signed. */
  lookupByAddress(ip: string, page: PageOptions = {}): Promise<UsersPage> {
    return this.#users({ ip }, page)
  }

  /** Everybody, in the order of names. Names to look up, nothing signed. */
  list({ status, ...page }: PageOptions & { readonly status?: Status | undefined } = {}): Promise<UsersPage> {
    return this.#users({ status }, page)
  }

  /**
   * Makes the directory hold this account under its name with this device in it, when it does not already. What is not said
   * stays as it is there.
   */
  async publishRecord(
    said: Said = {},
    { signal }: Cancellable = {},
  ): Promise<{ outcome: 'published' | 'unchanged'; user: VerifiedUser }> {
    const { name, account } = this.#identity
    const audience = await this.audience({ signal })
    for (let left = RECORD_TRIES; ; left -= 1) {
      const held = await this.lookup(name, { signal })
      const now = this.#now()
      const record = await nextRecord({ identity: this.#identity, said, audience, held: held?.account, now })
      if (held !== undefined && isCurrent(held.account.record, record)) {
        // Where it is seen, an account that hides learns only from the answer to something that it sends.
        const user = held.account.record.hidePresence ? await this.#putRecord(held.account.jws, signal) : held
        return { outcome: 'unchanged', user }
      }
      try {
        const jws = await signAccountRecord(record, account.privateKey)
        // It is told only when it is needed.
        const token = held === undefined ? this.#registrationToken : undefined
        return { outcome: 'published', user: await this.#putRecord(jws, signal, token) }
      } catch (error) {
        if (left === 1 || !wasOvertaken(error)) throw error
      }
    }
  }

  /** Says where this device listens and what it can do, in place of what it said before. */
  async publishStatement(
    said: Pick<DeviceStatement, 'endpoints' | 'features'>,
    { signal }: Cancellable = {},
  ): Promise<void> {
    const { accountId, device } = this.#identity
    const aud = await this.audience({ signal })
    await this.#statements.use(async (seq) => {
      const statement = { aud, accountId, deviceKey: device.publicKey, ...said, seq, issuedAt: this.#now() }
      const body: z.infer<typeof PutStatement> = { statement: await signDeviceStatement(statement, device.privateKey) }
      await this.#call(z.unknown(), { method: 'PUT', path: this.#devicePath(), body, signal })
    })
  }

  /** How many one-time prekeys of this device the directory holds then. */
  async uploadPrekeys(batch: PrekeyBatch, { signal }: Cancellable = {}): Promise<number> {
    const aud = await this.audience({ signal })
    const prekeys = JSON.stringify(batch)
    return this.#uploads.use(async (n) => {
      const proof = { aud, ...this.#me(), prekeys: digestOf(prekeys), n }
      const upload = await signDeviceProof('upload', proof, this.#identity.device.privateKey)
      const body: z.infer<typeof PutPrekeys> = { upload, prekeys }
      const path = `${this.#devicePath()}/prekeys`
      return (await this.#call(PrekeyCount, { method: 'PUT', path, body, signal })).oneTime
    })
  }

  /** How many one-time prekeys of this device the directory holds. */
  async prekeyCount({ signal }: Cancellable = {}): Promise<number> {
    const path = `${this.#devicePath()}/prekeys`
    return (await this.#call(PrekeyCount, { method: 'GET', path, signal })).oneTime
  }

  /** What is needed to begin a ratchet with that device, or undefined when the directory has nothing for it. */
  async claimPrekeys(name: Name, target: DeviceKey, { signal }: Cancellable = {}): Promise<PrekeyBundle | undefined> {
    const aud = await this.audience({ signal })
    const claimed = await this.#claims
      .use(async (n) => {
        const claim = await signDeviceProof(
          'claim',
          { aud, ...this.#me(), target, n },
          this.#identity.device.privateKey,
        )
        const body: z.infer<typeof ClaimPrekeys> = { claim }
        const path = `${userPath(name)}/devices/${target}/prekeys/claim`
        return this.#call(ClaimedPrekeys, { method: 'POST', path, body, signal })
      })
      .catch(unless('no-prekeys', 'unknown-device', 'unknown-name'))
    return claimed?.bundle
  }

  /** Gives the name up; it stays reserved for a while. False when this account does not have it. */
  async retire({ movedTo, signal }: Cancellable & { readonly movedTo?: Name } = {}): Promise<boolean> {
    const { name, accountId, account } = this.#identity
    const held = (await this.lookup(name, { signal }))?.account.record
    if (held === undefined || held.accountId !== accountId) return false
    const retirement = {
      aud: await this.audience({ signal }),
      accountId,
      name,
      seq: held.seq + 1,
      ...(movedTo === undefined ? {} : { movedTo }),
      issuedAt: this.#now(),
    }
    const body: z.infer<typeof DeleteUser> = { retirement: await signRetirement(retirement, account.privateKey) }
    await this.#call(z.unknown(), { method: 'DELETE', path: userPath(name), body, signal })
    return true
  }

  /** Ends what is under way with DirectoryError `closed`. Twice is safe. */
  close(): void {
    this.#exchange.close()
  }

  #users(filter: Record<string, string | undefined>, { cursor, limit, signal }: PageOptions): Promise<UsersPage> {
    const query = new URLSearchParams()
    for (const [key, value] of Object.entries({ ...filter, cursor, limit })) {
      if (value !== undefined) query.set(key, String(value))
    }
    const path = query.size === 0 ? '/v1/users' : `/v1/users?${query.toString()}`
    return this.#call(UsersPage, { method: 'GET', path, signal })
  }

  #call<S extends z.ZodType>(schema: S, request: HttpRequest): Promise<z.infer<S>> {
    return this.#sameKey(request.signal, () => call(this.#exchange, schema, request))
  }

  async #putRecord(record: Jws, signal: AbortSignal | undefined, token?: string): Promise<VerifiedUser> {
    const { name } = this.#identity
    const body: z.infer<typeof PutRecord> = { record }
    const user = await this.#call(User, { method: 'PUT', path: userPath(name), body, token, signal })
    return this.#verified(user, name, signal)
  }

  async #lookupOrMove(name: Name, signal: AbortSignal | undefined): Promise<VerifiedUser | Move | undefined> {
    try {
      const user = await this.#call(User, { method: 'GET', path: userPath(name), signal })
      return await this.#verified(user, name, signal)
    } catch (error) {
      return moveOf(name, error) ?? unless('unknown-name')(error)
    }
  }

  #verified(user: User, name: Name, signal: AbortSignal | undefined): Promise<VerifiedUser> {
    return this.#sameKey(signal, async () =>
      verifyUser(user, name, await this.audience({ signal }), this.#exchange.serverTime ?? this.#now()),
    )
  }

  /** When the audiences differ, it is worth a question whether the directory is still the one that was pinned. */
  async #sameKey<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (isWrongAudience(error)) await this.#key.info(signal)
      throw error
    }
  }

  #me() {
    const { accountId, name, device } = this.#identity
    return { accountId, name, deviceKey: device.publicKey }
  }

  #devicePath(): string {
    return `${userPath(this.#identity.name)}/devices/${this.#identity.device.publicKey}`
  }
}

function userPath(name: Name): string {
  return `/v1/users/${name}`
}
