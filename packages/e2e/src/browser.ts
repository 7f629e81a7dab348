// A real Chromium, as Debian brings it.
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import type { PeerProgram } from './peer-program.ts'

export const BROWSER = process.env['PARLEY_CHROMIUM'] ?? '/usr/bin/chromium'

const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  // What moves is drawn again for every frame, and a process that draws is one more to start.
  '--force-prefers-reduced-motion',
  '--in-process-gpu',
]

export function launchBrowser(more: readonly string[] = []): Promise<Browser> {
  return chromium.launch({ executablePath: BROWSER, args: [...ARGS, ...more] })
}

/** A page of its own profile, and what went wrong on it: errors, warnings, and requests to anybody else than its peer. */
export interface WatchedPage {
  readonly page: Page
  readonly complaints: readonly string[]
  readonly foreign: readonly string[]
}

/** The web app of a peer, opened by a link as `parley open` prints it; resolves when the app is there. */
export async function openApp(
  browser: Browser,
  peer: PeerProgram,
  options?: BrowserContextOptions,
): Promise<WatchedPage> {
  const context = await browser.newContext(options)
  const page = await context.newPage()
  const complaints: string[] = []
  const foreign: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('request', (request) => {
    const url = request.url()
    const isOwn = url.startsWith(`${peer.ready.api}/`) || url.startsWith('data:') || url.startsWith('blob:')
    if (!isOwn) foreign.push(url)
  })
  const { url } = await (await peer.api()).signInLink()
  await page.goto(url)
  await page.getByRole('navigation', { name: 'Conversations' }).waitFor()
  return { page, complaints, foreign }
}
