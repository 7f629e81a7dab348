// The token of this page: traded for the code of the link that opened it, and kept for this tab alone. A tab
// beside it asks for it.
import { ApiError } from '@parley/api-client/api-error.ts'
import { signIn } from '@parley/api-client/sign-in.ts'
import { ApiToken } from '@parley/shared/local-api/daemon-file.ts'
import { SIGN_IN_FRAGMENT, SignInCode } from '@parley/shared/local-api/sign-in.ts'

const KEY = 'parley-token'
const CHANNEL = 'parley-sign-in'
const ASK = 'who is signed in?'
const ANSWER_MS = 400

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
  const kept = keptToken() ?? (await borrowedToken())
  if (kept === undefined) return { why: 'no-token' }
  sessionStorage.setItem(KEY, kept)
  return { token: kept }
}

/** Other tabs of this origin get the token as long as the daemon holds its port: whoever serves them then is the daemon. */
export function lendToken(token: ApiToken, mayLend: () => boolean): void {
  const channel = new BroadcastChannel(CHANNEL)
  channel.onmessage = ({ data }: MessageEvent<unknown>) => {
    if (data === ASK && mayLend()) channel.postMessage(token)
  }
}

/** Of a tab that is signed in; undefined when none answers. */
async function borrowedToken(): Promise<ApiToken | undefined> {
  const channel = new BroadcastChannel(CHANNEL)
  try {
    return await new Promise((resolve) => {
      channel.onmessage = ({ data }: MessageEvent<unknown>) => {
        const token = ApiToken.safeParse(data).data
        if (token !== undefined) resolve(token)
      }
      channel.postMessage(ASK)
      setTimeout(() => resolve(undefined), ANSWER_MS)
    })
  } finally {
    channel.close()
  }
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
