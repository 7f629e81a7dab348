import { Proof, provenText } from '@parley/shared/local-api/proof.ts'
import { ApiError } from './api-error.ts'

/** For the daemon to answer; whoever does not in this time may not be it. */
const PROOF_TIMEOUT_MS = 10_000

/** The token, which nobody is told before having shown that he knows it. */
export class GuardedToken {
  readonly #url: string
  readonly #token: string
  readonly #ask: (path: string, signal: AbortSignal) => Promise<unknown>
  #proof: Promise<void> | undefined

  /** `ask` makes a request without the token. */
  constructor(url: string, token: string, ask: (path: string, signal: AbortSignal) => Promise<unknown>) {
    this.#url = url
    this.#token = token
    this.#ask = ask
  }

  /** Rejects with ApiError, `unauthorised` when whoever listens there does not know the token, or with the reason of the signal. */
  async take(signal?: AbortSignal): Promise<string> {
    this.#proof ??= this.#prove().catch((error: unknown) => {
      this.forget()
      throw error
    })
    await orAborted(this.#proof, signal)
    return this.#token
  }

  /** The daemon may have gone: whoever answers next has to show it again. */
  forget(): void {
    this.#proof = undefined
  }

  async #prove(): Promise<void> {
    const nonce = hex(crypto.getRandomValues(new Uint8Array(32)))
    const answer = Proof.safeParse(
      await this.#ask(`/api/v1/proof?nonce=${nonce}`, AbortSignal.timeout(PROOF_TIMEOUT_MS)),
    )
    const { host } = new URL(this.#url)
    const text = provenText(host.replace(/^localhost:/, '127.0.0.1:'), nonce)
    if (answer.data?.proof === (await this.#hmac(text))) return
    throw new ApiError('unauthorised', 'what listens there is not the daemon that this token is for')
  }

  async #hmac(text: string): Promise<string> {
    const utf8 = new TextEncoder()
    const algorithm = { name: 'HMAC', hash: 'SHA-256' }
    const key = await crypto.subtle.importKey('raw', utf8.encode(this.#token), algorithm, false, ['sign'])
    return hex(new Uint8Array(await crypto.subtle.sign('HMAC', key, utf8.encode(text))))
  }
}

function orAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work
  const aborted = Promise.withResolvers<never>()
  const abort = () => aborted.reject(signal.reason)
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort)
  return Promise.race([work, aborted.promise]).finally(() => signal.removeEventListener('abort', abort))
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
