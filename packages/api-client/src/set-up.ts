// A daemon that has no profile yet answers only this; `ApiClient` meets `not-set-up` there.
import { NameCheck, type SetUp, SetUpDone, SetUpState } from '@parley/shared/local-api/set-up.ts'
import type { Cancellable } from './call-options.ts'
import { type Exchange, exchangeWith, guard } from './exchange.ts'

/** Every method rejects with ApiError, or with the reason of its signal. */
export class SetUpClient {
  readonly #exchange: Exchange

  constructor({ url, token }: { readonly url: string; readonly token: string }) {
    this.#exchange = exchangeWith(url, guard(url, token))
  }

  state({ signal }: Cancellable = {}): Promise<SetUpState> {
    return this.#exchange.one({ method: 'GET', path: '/api/v1/set-up', signal }, SetUpState)
  }

  checkName(name: string, directory: string | undefined, { signal }: Cancellable = {}): Promise<NameCheck> {
    const query = new URLSearchParams({ name, ...(directory === undefined ? {} : { directory }) })
    return this.#exchange.one({ method: 'GET', path: `/api/v1/set-up/name?${query.toString()}`, signal }, NameCheck)
  }

  /** Resolves once the profile is made. The daemon then starts at the same address and takes the same token. */
  create(wish: SetUp, { signal }: Cancellable = {}): Promise<SetUpDone> {
    return this.#exchange.one({ method: 'POST', path: '/api/v1/set-up', body: wish, signal }, SetUpDone)
  }
}
