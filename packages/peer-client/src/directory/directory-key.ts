import { DirectoryInfo } from '@parley/shared/directory-api/users.ts'
import { audienceOf } from '@parley/shared/hashes.ts'
import type { Digest, DirectoryKey } from '@parley/shared/ids.ts'
import { call } from './directory-calls.ts'
import { DirectoryError } from './directory-error.ts'
import type { HttpExchange } from './http-exchange.ts'

/** Where the key of this directory is kept once it was seen. One pin for each URL. */
export interface DirectoryKeyPin {
  get(): DirectoryKey | undefined
  set(key: DirectoryKey): void
}

/** The directory's key, pinned on first use: everything signed for the directory names it. */
export class PinnedDirectoryKey {
  readonly #exchange: Pick<HttpExchange, 'exchange'>
  readonly #url: string
  readonly #pin: DirectoryKeyPin
  #audience: Digest | undefined

  constructor(exchange: Pick<HttpExchange, 'exchange'>, url: string, pin: DirectoryKeyPin) {
    this.#exchange = exchange
    this.#url = url
    this.#pin = pin
  }

  /** Asks. Rejects with DirectoryError `directory-key-changed` when it is not the key of last time. */
  async info(signal: AbortSignal | undefined): Promise<DirectoryInfo> {
    const info = await call(this.#exchange, DirectoryInfo, { method: 'GET', path: '/v1', signal })
    const pinned = this.#pin.get()
    if (pinned !== undefined && pinned !== info.directoryKey) {
      this.#audience = undefined
      throw new DirectoryError(
        'directory-key-changed',
        `the directory at ${this.#url} has the key ${info.directoryKey} and had ${pinned}: it is another directory, ` +
          'or somebody stands in between. Ask who runs it; nothing is sent to it until the new key was accepted',
      )
    }
    if (pinned === undefined) this.#pin.set(info.directoryKey)
    this.#audience = audienceOf(info.directoryKey)
    return info
  }

  /** What signed objects name as their audience; asks once. */
  async audience(signal: AbortSignal | undefined): Promise<Digest> {
    return this.#audience ?? audienceOf((await this.info(signal)).directoryKey)
  }
}
