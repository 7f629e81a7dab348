import type { ApiToken } from '@parley/shared/local-api/daemon-file.ts'
import { SignedIn } from '@parley/shared/local-api/sign-in.ts'
import { exchangeWith } from './exchange.ts'

/** The token for the code of a link, which is used up by that. Rejects with ApiError `sign-in-expired`. */
export async function signIn(url: string, code: string): Promise<ApiToken> {
  const exchange = exchangeWith(url, undefined)
  return (await exchange.one({ method: 'POST', path: '/api/v1/sign-in', body: { code } }, SignedIn)).token
}
