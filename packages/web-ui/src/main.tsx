import './no-compiled-schemas.ts'
import { ApiClient } from '@parley/api-client'
import { ApiError } from '@parley/api-client/api-error.ts'
import { SetUpClient } from '@parley/api-client/set-up.ts'
import type { ApiToken } from '@parley/shared/local-api/daemon-file.ts'
import { render } from 'preact'
import { Daemon } from '#state/daemon.ts'
import { followHistory } from '#state/navigation.ts'
import { forgetToken, tokenOfThisPage } from '#state/session.ts'
import { App } from '#views/app.tsx'
import { SetUpPage } from '#views/set-up.tsx'
import { SignInPage } from '#views/sign-in.tsx'

const STARTING_MS = 300

const root = document.getElementById('app')
if (root === null) throw new Error('the page has no place for the app')

function refuse(place: HTMLElement, why: 'no-token' | 'expired' | 'failed' | 'refused'): void {
  if (why === 'refused') forgetToken()
  render(<SignInPage why={why} />, place)
}

async function begin(place: HTMLElement): Promise<void> {
  const signedIn = await tokenOfThisPage()
  if (signedIn.token === undefined) {
    refuse(place, signedIn.why)
    return
  }
  await open(place, signedIn.token)
}

async function open(place: HTMLElement, token: ApiToken): Promise<void> {
  try {
    const daemon = await Daemon.open(token, () => refuse(place, 'refused'))
    daemon.start()
    followHistory(daemon)
    render(<App daemon={daemon} />, place)
  } catch (error) {
    const code = error instanceof ApiError ? error.code : undefined
    if (code === 'not-set-up') await setUp(place, token)
    else refuse(place, code === 'unauthorised' ? 'refused' : 'failed')
  }
}

/** There is no profile yet. When it is made the daemon starts here, and takes the token of this page. */
async function setUp(place: HTMLElement, token: ApiToken): Promise<void> {
  const where = { url: location.origin, token }
  const client = new SetUpClient(where)
  const { directory } = await client.state()
  const goOn = async () => {
    while (!(await isStarted(where))) await new Promise((resolve) => setTimeout(resolve, STARTING_MS))
    await open(place, token)
  }
  render(<SetUpPage client={client} directory={directory} onDone={() => void goOn()} />, place)
}

async function isStarted(where: { url: string; token: ApiToken }): Promise<boolean> {
  try {
    await new ApiClient(where).status()
    return true
  } catch (error) {
    // Between the one and the other nobody answers.
    const isOnItsWay = error instanceof ApiError && ['not-set-up', 'no-connection', 'stopping'].includes(error.code)
    return !isOnItsWay
  }
}

await begin(root)
