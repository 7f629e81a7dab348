import { createHash, randomBytes } from 'node:crypto'
import { toBase64url } from '@parley/shared/bytes.ts'
import { MAX_SIGN_IN_CODES, SIGN_IN_CODE_TTL_MS } from '@parley/shared/limits.ts'

/** Codes that open the web app once each. They live in memory: a restart of the daemon ends them. */
export class SignInCodes {
  /** By their hash, so that looking one up tells nothing about the others by its time; the oldest first. */
  readonly #expiries = new Map<string, number>()
  readonly #now: () => number

  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  issue(): { readonly code: string; readonly expiresAt: number } {
    const code = toBase64url(randomBytes(32))
    const expiresAt = this.#now() + SIGN_IN_CODE_TTL_MS
    for (const oldest of this.#expiries.keys()) {
      if (this.#expiries.size < MAX_SIGN_IN_CODES) break
      this.#expiries.delete(oldest)
    }
    this.#expiries.set(digestOf(code), expiresAt)
    return { code, expiresAt }
  }

  /** True once for each code, as long as it is good. */
  redeem(code: string): boolean {
    const digest = digestOf(code)
    const expiresAt = this.#expiries.get(digest)
    this.#expiries.delete(digest)
    return expiresAt !== undefined && this.#now() < expiresAt
  }
}

function digestOf(code: string): string {
  return createHash('sha256').update(code).digest('base64url')
}
