import './no-compiled-schemas.ts'
import { render } from 'preact'
import { Daemon } from '#state/daemon.ts'
import { followHistory } from '#state/navigation.ts'
import { forgetToken, tokenOfThisPage } from '#state/session.ts'
import { App } from '#views/app.tsx'
import { SignInPage } from '#views/sign-in.tsx'

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
  const daemon = await Daemon.open(signedIn.token, () => refuse(place, 'refused')).catch((error: unknown) => {
    const isRefused = error instanceof Error && 'code' in error && error.code === 'unauthorised'
    refuse(place, isRefused ? 'refused' : 'failed')
    return undefined
  })
  if (daemon === undefined) return
  daemon.start()
  followHistory(daemon)
  render(<App daemon={daemon} />, place)
}

await begin(root)
