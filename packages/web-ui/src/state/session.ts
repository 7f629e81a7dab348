// The token of this page: traded for the code of the link that opened it, and kept for this tab alone.
import { ApiError } from '@parley/api-client/api-error.ts'
import { signIn } from '@parley/api-client/sign-in.ts'
import { ApiToken } from '@parley/shared/local-api/daemon-file.ts'
import { SIGN_IN_FRAGMENT, SignInCode } from '@parley/shared/local-api/sign-in.ts'

const KEY = 'parley-token'

export type SignInResult =
  | { readonly token: ApiToken }
  | { readonly token?: never; readonly why: 'no-token' | 'expired' | 'failed' }

export async function tokenOfThisPage(): Promise<SignInResult> {
  const code = takeCode()
  if (code !== undefined) {
    try {
      const token = await signIn(location.origin, code)
      sessionStorage.setItem(KEY, token)
      return { token }
    } catch (error) {
      const isExpired = error instanceof ApiError && error.code === 'sign-in-expired'
      // A link that was opened twice in a tab that has the token already.
      const kept = keptToken()
      return kept === undefined ? { why: isExpired ? 'expired' : 'failed' } : { token: kept }
    }
  }
  const kept = keptToken()
  return kept === undefined ? { why: 'no-token' } : { token: kept }
}

export function forgetToken(): void {
  sessionStorage.removeItem(KEY)
}

function keptToken(): ApiToken | undefined {
  return ApiToken.safeParse(sessionStorage.getItem(KEY)).data
}

/** The code in the address, which is gone from it, and from the history, before anything else happens. */
function takeCode(): string | undefined {
  const fragment = location.hash.slice(1)
  if (!fragment.startsWith(SIGN_IN_FRAGMENT)) return undefined
  history.replaceState(null, '', location.pathname)
  return SignInCode.safeParse(fragment.slice(SIGN_IN_FRAGMENT.length)).data
}
