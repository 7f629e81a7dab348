import type { IncomingMessage } from 'node:http'
import type { AccountId, Name } from '@parley/shared/ids.ts'
import type { RequestHandler } from 'express'
import { RefusedError } from '#records/refused-error.ts'
import type { AllowList } from './allow-list.ts'
import type { Drops } from './drops.ts'
import { HttpError } from './http-error.ts'
import type { RegistrationToken } from './registration-token.ts'

interface AdmissionOptions {
  readonly token: RegistrationToken | undefined
  readonly allowList: AllowList | undefined
  readonly isReadOnly: boolean
  readonly drops: Drops
}

const RETRY_READ_ONLY_SECONDS = 300

/** Who may take a new name here, and whether anybody may write at all. Who has a name keeps it, whatever is closed later. */
export class Admission {
  readonly #token: RegistrationToken | undefined
  readonly #allowList: AllowList | undefined
  readonly #isReadOnly: boolean
  readonly #drops: Drops

  constructor({ token, allowList, isReadOnly, drops }: AdmissionOptions) {
    this.#token = token
    this.#allowList = allowList
    this.#isReadOnly = isReadOnly
    this.#drops = drops
  }

  /** What `GET /v1` tells of it. */
  get features(): string[] {
    return [
      ...(this.#token === undefined ? [] : ['registration-token']),
      ...(this.#allowList === undefined ? [] : ['allow-list']),
      ...(this.#isReadOnly ? ['read-only'] : []),
    ]
  }

  /** Throws `registration-token` unless the request has it, or none is needed. */
  requireToken(request: IncomingMessage): void {
    const judged = this.#token?.judge(request) ?? 'right'
    if (judged === 'right') return
    this.#drops.count('registration-token')
    const sentence = judged === 'missing' ? TOKEN_MISSING : 'this is not the registration token of this directory'
    throw new HttpError('registration-token', sentence, { headers: { 'WWW-Authenticate': 'Bearer' } })
  }

  /** Why this account may not take the name, which nobody holds. */
  judge(name: Name, accountId: AccountId): RefusedError | undefined {
    if (this.#allowList === undefined || this.#allowList.has(name, accountId)) return undefined
    this.#drops.count('allow-list')
    return new RefusedError('not-listed', `neither ${name} nor this account is on the list of this directory`)
  }

  /** Refuses what would change something. A heartbeat changes nothing that is kept. */
  readonly refuseWrites: RequestHandler = (request, _response, next) => {
    const isWrite = this.#isReadOnly && !READS.has(request.method) && !request.path.endsWith('/heartbeat')
    if (!isWrite) {
      next()
      return
    }
    this.#drops.count('read-only')
    const sentence = 'this directory takes no changes now; lookups and presence go on'
    next(new HttpError('read-only', sentence, { headers: { 'Retry-After': String(RETRY_READ_ONLY_SECONDS) } }))
  }
}

const READS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])
const TOKEN_MISSING = 'a new name needs the registration token of this directory, as Authorization: Bearer TOKEN'
