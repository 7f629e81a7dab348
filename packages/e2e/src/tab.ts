import type { Browser, BrowserContextOptions, CDPSession, Page } from 'playwright-core'
import type { PeerProgram } from './peer-program.ts'

export interface Look extends Pick<BrowserContextOptions, 'viewport' | 'colorScheme'> {
  readonly isPolicyIgnored?: boolean
}

/**
 * A tab that shows one page after the other, with what went wrong on the one that is shown: errors and warnings, and requests to anybody else
 * than its own server. One tab for each page would be a process more each time, which has to compile the app before it can start it.
 */
export class Tab {
  readonly page: Page
  readonly #devTools: CDPSession
  #server = ''
  #complaints: string[] = []
  #foreign: string[] = []

  private constructor(page: Page, devTools: CDPSession) {
    this.page = page
    this.#devTools = devTools
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') this.#complaints.push(message.text())
    })
    page.on('pageerror', (error) => this.#complaints.push(String(error)))
    page.on('request', (request) => {
      const url = request.url()
      const isOwn = url.startsWith(`${this.#server}/`) || url.startsWith('data:') || url.startsWith('blob:')
      if (!isOwn) this.#foreign.push(url)
    })
  }

  /** In a window of its own: of the tabs of one window only the one in front is drawn in time. */
  static async open(browser: Browser, options?: Pick<BrowserContextOptions, 'locale'>): Promise<Tab> {
    // What moves is drawn again for every frame.
    const context = await browser.newContext({ ...options, reducedMotion: 'reduce' })
    const page = await context.newPage()
    return new Tab(page, await context.newCDPSession(page))
  }

  get complaints(): readonly string[] {
    return this.#complaints
  }

  get foreign(): readonly string[] {
    return this.#foreign
  }

  /** Opens it as in a tab that was never used. */
  async visit(
    url: string,
    { viewport = WIDE, colorScheme = 'light', isPolicyIgnored = false }: Look = {},
  ): Promise<void> {
    await this.leave()
    this.#server = new URL(url).origin
    this.#complaints = []
    this.#foreign = []
    if (viewport !== null) await this.page.setViewportSize(viewport)
    await this.page.emulateMedia({ colorScheme })
    await this.#devTools.send('Page.setBypassCSP', { enabled: isPolicyIgnored })
    await this.page.goto(url)
  }

  /** The web app of a peer, by a link as `parley open` prints it; resolves when the app is there, with that link. */
  async openApp(peer: PeerProgram, look?: Look): Promise<string> {
    const { url } = await (await peer.api()).signInLink()
    await this.visit(url, look)
    await this.page.getByRole('navigation', { name: 'Conversations' }).waitFor()
    return url
  }

  /** Shows nothing any more, and nothing is kept of what was shown. A page that is left open draws whatever happens. */
  async leave(): Promise<void> {
    await this.page.unrouteAll()
    if (!this.page.url().startsWith('http')) return
    await this.page.evaluate(() => {
      localStorage.clear()
      sessionStorage.clear()
    })
    await this.page.goto('about:blank')
  }
}

const WIDE = { width: 1280, height: 720 }
