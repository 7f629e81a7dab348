import type { User } from '@parley/shared/directory-api/users.ts'
import { type AccountId, Name } from '@parley/shared/ids.ts'
import { LRUCache } from 'lru-cache'
import type { DirectoryLimits } from '#limits/directory-limits.ts'

export interface ReadyAnswersOptions {
  /** What is told of the name, and when its record expires (Unix milliseconds). Undefined: nobody holds it. */
  readonly find: (name: Name) => { readonly user: User; readonly expiresAt: number } | undefined
  readonly now: () => number
  readonly limits: Pick<DirectoryLimits, 'MAX_READY_ANSWERS' | 'MAX_READY_ANSWER_BYTES'>
}

interface Answer {
  readonly accountId: AccountId
  /** The record expires then, which nothing else announces. */
  readonly until: number
  /** UTF-8, each byte as one character. */
  readonly body: string
}

const PATH = /^\/v1\/users\/([^/?#%]+)$/

/** Beside its body: keys, links, and what the engine adds. */
const ENTRY_BYTES = 512

/**
 * The bodies of `GET /v1/users/{name}`, encoded before they are asked for again. Whoever changes what is told of an account
 * calls `forget` in the same turn, so an answer is never older than the last change. Bounded in number and in bytes: the
 * least recently asked for goes.
 */
export class ReadyAnswers {
  readonly #find: ReadyAnswersOptions['find']
  readonly #now: () => number
  readonly #answers: LRUCache<string, Answer>
  readonly #urls = new Map<AccountId, Set<string>>()

  constructor({ find, now, limits }: ReadyAnswersOptions) {
    this.#find = find
    this.#now = now
    // With a maximum of its own for their number the library would take the room for all of them at once, at each start. So an
    // answer weighs at least what makes the maximum of bytes one of number too.
    const { MAX_READY_ANSWERS, MAX_READY_ANSWER_BYTES } = limits
    const leastBytes = Math.floor(MAX_READY_ANSWER_BYTES / MAX_READY_ANSWERS)
    this.#answers = new LRUCache({
      maxSize: leastBytes * MAX_READY_ANSWERS || MAX_READY_ANSWER_BYTES,
      sizeCalculation: ({ body }) => Math.max(body.length + ENTRY_BYTES, leastBytes),
      dispose: ({ accountId }, url) => this.#unlink(accountId, url),
    })
  }

  get size(): number {
    return this.#answers.size
  }

  /**
   * A string and not a Buffer: Node joins it with the head into one write, and a write of two parts costs a quarter of the
   * whole request more. Undefined for any address that is not plainly the one of a name somebody holds.
   */
  get(url: string): string | undefined {
    const known = this.#answers.get(url)
    if (known !== undefined && this.#now() < known.until) return known.body
    return this.#make(url)
  }

  forget(accountId: AccountId): void {
    const urls = this.#urls.get(accountId)
    if (urls === undefined) return
    for (const url of urls) this.#answers.delete(url)
  }

  #make(url: string): string | undefined {
    const name = Name.safeParse(PATH.exec(url)?.[1]).data
    const found = name === undefined ? undefined : this.#find(name)
    if (found === undefined) return undefined
    const body = Buffer.from(JSON.stringify(found.user)).toString('latin1')
    const { accountId } = found.user
    const until = this.#now() < found.expiresAt ? found.expiresAt : Number.POSITIVE_INFINITY
    this.#answers.set(url, { accountId, until, body })
    if (this.#answers.has(url)) this.#link(accountId, url)
    return body
  }

  #link(accountId: AccountId, url: string): void {
    const urls = this.#urls.get(accountId)
    if (urls === undefined) this.#urls.set(accountId, new Set([url]))
    else urls.add(url)
  }

  #unlink(accountId: AccountId, url: string): void {
    const urls = this.#urls.get(accountId)
    if (urls?.delete(url) && urls.size === 0) this.#urls.delete(accountId)
  }
}
