import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'
import { afterAll, expect } from 'vitest'
import { z } from 'zod'
import { BROWSER, launchBrowser } from '#browser.ts'
import type { DirectoryProgram } from '#directory-program.ts'
import { freePort } from '#free-port.ts'
import { readJson } from '#json-lines.ts'
import { needing } from '#needing.ts'
import { PeerProgram } from '#peer-program.ts'
import { COMMAND, Stage } from '#stage.ts'
import { Tab } from '#tab.ts'

const inBrowser = needing(BROWSER, 'the web app in a browser')

/** The browser's own guard of local addresses would hide whether ours holds. */
const LOCAL_NETWORK_GUARDS = [
  'LocalNetworkAccessChecks',
  'LocalNetworkAccessChecksWarn',
  'BlockInsecurePrivateNetworkRequests',
]

interface World {
  readonly stage: Stage
  readonly directory: DirectoryProgram
  readonly alice: PeerProgram
  readonly bob: PeerProgram
  /** Of one browser, and nothing is left in them of what a test before did there. */
  readonly hers: Tab
  readonly his: Tab
}

// One directory, two peers and two tabs for all of them.
const things = new AsyncDisposableStack()
let world: Promise<World> | undefined

function theWorld(): Promise<World> {
  world ??= (async () => {
    const stage = things.use(await Stage.open())
    const directory = await stage.directory()
    // A page goes on with the daemon that comes back at the same address.
    const start = async (name: string) =>
      PeerProgram.start(stage, { name, directory: directory.url, flags: ['--api-port', String(await freePort())] })
    const [alice, bob] = await Promise.all([start('alice'), start('bob')])
    const browser = await launchBrowser({
      args: ['--host-resolver-rules=MAP *.example 127.0.0.1'],
      without: LOCAL_NETWORK_GUARDS,
    })
    things.defer(() => browser.close())
    return { stage, directory, alice, bob, hers: await Tab.open(browser), his: await Tab.open(browser) }
  })()
  return world
}

afterAll(() => things.disposeAsync())

const composer = (page: Page, name: string) => page.getByRole('textbox', { name: `Message to ${name}` })
const message = (page: Page, text: string) => page.getByRole('article').filter({ hasText: text })
const stateOf = (page: Page, text: string) => message(page, text).last().locator('[data-state]')

async function say(page: Page, to: string, text: string): Promise<void> {
  await composer(page, to).fill(text)
  await composer(page, to).press('Enter')
  await message(page, text).last().waitFor()
}

/** What stands in the box where the next key goes, when that comes in the same instant as this one. */
function rightAfter(page: Page, key: string, { ctrlKey = false } = {}): Promise<string | undefined> {
  const press = async ([pressed, isCommand]: readonly [string, boolean]) => {
    const event = new KeyboardEvent('keydown', { key: pressed, ctrlKey: isCommand, bubbles: true, cancelable: true })
    document.activeElement?.dispatchEvent(event)
    await new Promise((resolve) => setTimeout(resolve, 0))
    const box = document.activeElement
    return box instanceof HTMLInputElement || box instanceof HTMLTextAreaElement ? box.value : undefined
  }
  return page.evaluate(press, [key, ctrlKey] as const)
}

async function isDelivered(page: Page, text: string): Promise<void> {
  await message(page, text).last().locator('[data-state="delivered"]').waitFor({ timeout: 60_000 })
}

inBrowser('two people find each other by name, talk, and see where each message is', async () => {
  const { alice, bob, hers, his } = await theWorld()
  const [herPage, hisPage] = [hers.page, his.page]
  const link = await hers.openApp(alice)
  await his.openApp(bob)

  await herPage.getByText('Welcome, alice').waitFor()
  await herPage.getByRole('textbox', { name: 'Search' }).fill('bo')
  await herPage.getByRole('region', { name: 'In the directory' }).getByRole('button', { name: 'bob' }).click()
  await composer(herPage, 'bob').fill('Hello **Bob**')
  await composer(herPage, 'bob').press('Enter')
  await isDelivered(herPage, 'Hello Bob')
  expect(await message(herPage, 'Hello Bob').locator('strong').textContent()).toBe('Bob')

  // Nobody has read it yet; opening the conversation is reading it, on every page of his and in the terminal.
  const conversation = hisPage.getByRole('listitem').filter({ hasText: 'Hello Bob' })
  await conversation.getByText('1 unread message').waitFor()
  await conversation.getByRole('button').click()
  await message(hisPage, 'Hello Bob').waitFor()
  await conversation.getByText('1 unread message').waitFor({ state: 'detached' })
  expect((await bob.parley('status', '--json')).stdout).toContain('"unread":0')
  await composer(hisPage, 'alice').fill('Hello')
  await herPage.getByText('bob is writing').waitFor()
  await say(hisPage, 'alice', 'Hello Alice')
  await herPage.getByText('bob is writing').waitFor({ state: 'detached' })
  await message(herPage, 'Hello Alice').waitFor()

  // An answer leads to what it answers, and a reaction stands below its message until it is taken back.
  await message(herPage, 'Hello Alice').hover()
  await message(herPage, 'Hello Alice').getByRole('button', { name: 'Answer' }).click()
  await herPage.getByText('Answer to bob').waitFor()
  await say(herPage, 'bob', 'And how are you?')
  await herPage.getByText('Answer to bob').waitFor({ state: 'detached' })
  await message(hisPage, 'And how are you?')
    .getByRole('button', { name: /You Hello Alice/ })
    .click()
  await hisPage.locator('.is-found').getByText('Hello Alice').waitFor()
  await message(hisPage, 'And how are you?').hover()
  await message(hisPage, 'And how are you?').getByRole('button', { name: 'React' }).click()
  await hisPage.getByRole('textbox', { name: 'Any emoji' }).fill('🚀')
  await hisPage.keyboard.press('Enter')
  await message(herPage, 'And how are you?').getByRole('button', { name: '🚀 bob' }).click()
  const both = message(hisPage, 'And how are you?').getByRole('button', { name: '🚀' })
  await both.filter({ hasText: '2' }).click()
  await message(herPage, 'And how are you?').getByRole('button', { name: '🚀 You', exact: true }).waitFor()

  await say(hisPage, 'alice', 'Not for long')
  await message(herPage, 'Not for long').hover()
  await message(herPage, 'Not for long').getByRole('button', { name: 'Delete for me' }).click()
  await message(herPage, 'Not for long').waitFor({ state: 'detached' })
  expect(await message(hisPage, 'Not for long').count()).toBe(1)

  // What is typed survives a reload with what it answers, and so does who is signed in.
  await message(herPage, 'Hello Alice').first().hover()
  await message(herPage, 'Hello Alice').first().getByRole('button', { name: 'Answer' }).click()
  await composer(herPage, 'bob').fill('half a thou')
  await herPage.reload()
  await herPage.getByText('Answer to bob').waitFor()
  expect(await composer(herPage, 'bob').inputValue()).toBe('half a thou')
  await composer(herPage, 'bob').press('Escape')
  await composer(herPage, 'bob').fill('')
  await herPage.reload()
  await message(herPage, 'Hello Alice').first().waitFor()
  expect(await composer(herPage, 'bob').inputValue()).toBe('')
  expect(await herPage.getByText('Answer to bob').count()).toBe(0)

  await namesAndBlocks(herPage)

  await bob.kill()
  await hisPage.getByText('Your peer does not answer').waitFor()
  await say(herPage, 'bob', 'Are you there?')
  await expectState(herPage, 'Are you there?', ['queued', 'sent'])
  await stateOf(herPage, 'Are you there?').click()
  await herPage
    .getByRole('dialog', { name: 'Where this message is' })
    .getByText('safe on this device')
    .first()
    .waitFor()
  await herPage.keyboard.press('Escape')
  await say(herPage, 'bob', 'Never mind this one')
  await message(herPage, 'Never mind this one').hover()
  await message(herPage, 'Never mind this one').getByRole('button', { name: 'Cancel sending' }).click()
  await message(herPage, 'Given up').locator('[data-state="cancelled"]').waitFor()

  await bob.startAgain()
  await isDelivered(herPage, 'Are you there?')
  await message(hisPage, 'Are you there?').waitFor({ timeout: 60_000 })
  expect(await message(hisPage, 'Never mind this one').count()).toBe(0)

  expect(hers.foreign).toEqual([])
  expect(his.foreign).toEqual([])
  expect(hers.complaints).toEqual([])

  // A link signs in once.
  expect(herPage.url()).toBe(`${alice.ready.api}/`)
  await his.visit(link)
  await hisPage.getByRole('alert').filter({ hasText: 'used already' }).waitFor()
  await Promise.all([hers.leave(), his.leave()])
})

/** A nickname and a block in the card of bob, and both taken back. */
async function namesAndBlocks(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Details' }).click()
  const card = page.getByRole('complementary', { name: /^About/ })
  const nickname = card.getByRole('textbox', { name: 'Nickname' })
  await card.getByRole('button', { name: 'Give a nickname' }).click()
  await nickname.fill('Somebody else')
  await nickname.press('Escape')
  await card.getByRole('heading', { name: 'bob', exact: true }).waitFor()
  await card.getByRole('button', { name: 'Give a nickname' }).click()
  await nickname.fill('Robert the 1st')
  await nickname.press('Enter')
  await composer(page, 'Robert the 1st').waitFor()
  await card.getByText('Others know them as bob').waitFor()
  await page.getByRole('textbox', { name: 'Search' }).fill('BOB')
  const known = page.getByRole('region', { name: 'Conversations' })
  await known.getByRole('button', { name: 'Robert the 1st' }).waitFor()
  await page.getByRole('textbox', { name: 'Search' }).press('Escape')
  await card.getByRole('button', { name: 'Change the nickname' }).click()
  await nickname.fill('')
  await nickname.press('Enter')
  await composer(page, 'bob').waitFor()

  const blocking = card.getByRole('region', { name: 'Blocking' })
  await blocking.getByRole('button', { name: 'Block bob' }).click()
  await blocking.getByText('Nothing from bob is taken').waitFor()
  await blocking.getByRole('button', { name: 'Do not block' }).click()
  await blocking.getByRole('button', { name: 'Block bob' }).click()
  await blocking.getByRole('button', { name: 'Block bob' }).click()
  await page.getByRole('status').filter({ hasText: 'bob is blocked' }).waitFor()
  await page.getByRole('button', { name: 'Settings' }).click()
  const people = page.getByRole('region', { name: 'Blocked people' })
  await people.getByRole('button', { name: 'Unblock bob' }).click()
  await people.getByText('Nobody is blocked').waitFor()
  await page.keyboard.press('Escape')
  await blocking.getByRole('button', { name: 'Block bob' }).waitFor()
  await page.getByRole('status').filter({ hasText: 'bob is blocked' }).waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'Details' }).click()
}

const SetUp = z.object({ event: z.literal('set-up'), url: z.url() })

inBrowser('somebody without a profile chooses a name on a page, and is at home on the same one', async () => {
  const { stage, directory, hers } = await theWorld()
  const args = [
    'start',
    '--set-up',
    '--json',
    '--port',
    '0',
    '--directory',
    directory.url,
    '--profile',
    stage.path('erin'),
  ]
  const program = stage.run({ name: 'erin', command: [...COMMAND.parley, ...args] })
  const { url } = await program.line((line) => readJson(line, SetUp))
  // Nothing but the page is there, and nothing of it without the link.
  const refused = await fetch(new URL('/api/v1/set-up', url))
  expect(refused.status).toBe(401)

  const { page } = hers
  await hers.visit(url)
  const name = page.getByRole('textbox', { name: 'Name' })
  const begin = page.getByRole('button', { name: 'Begin' })
  await name.fill('-no-')
  await page.getByText('A name has 1 to 32').waitFor()
  await name.fill('alice')
  await page.getByText('alice is taken').waitFor()
  expect(await begin.isDisabled()).toBe(true)
  await name.fill('Erin')
  await page.getByText('erin is free').waitFor()
  await page.getByRole('radio', { name: 'With a passphrase' }).check()
  await page.getByLabel('Passphrase', { exact: true }).last().fill('four random words')
  await page.getByLabel('The same again').fill('four random')
  expect(await begin.isDisabled()).toBe(true)
  await page.getByLabel('The same again').fill('four random words')
  await begin.click()
  await page.getByText('Welcome, erin').waitFor({ timeout: 60_000 })
  // Nothing else happens: the page hears by itself that she is registered, too.
  await page.getByText('Others find you as erin').waitFor({ timeout: 60_000 })
  await page.getByRole('textbox', { name: 'Search' }).fill('al')
  await page.getByRole('region', { name: 'In the directory' }).getByRole('button', { name: 'alice' }).waitFor()
  await hers.leave()
  await program.end('SIGTERM')

  // From now on it starts with the passphrase, and not without.
  const again = await stage.parley(['start', '--json', '--port', '0', '--profile', stage.path('erin')])
  expect(again).toMatchObject({ exitCode: 77, stderr: expect.stringContaining('passphrase-needed') })
})

async function expectState(page: Page, text: string, states: readonly string[]): Promise<void> {
  expect(states).toContain(await stateOf(page, text).getAttribute('data-state'))
}

/** What a hostile author writes. Each calls `pwned` or a foreign address if anything of it comes to life. */
const HOSTILE: readonly string[] = [
  '<script>pwned()</script>',
  '<img src=x onerror=pwned()>',
  '<svg onload=pwned()><animate onbegin=pwned() attributeName=x dur=1s>',
  '<iframe src="https://evil.example/"></iframe><object data="https://evil.example/"></object>',
  '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=pwned()&gt;">',
  '<a href="javascript:pwned()">click</a> <form action="https://evil.example/"><button>go</button></form>',
  '[click](javascript:pwned())',
  '[click](JaVaScRiPt:pwned())',
  '[click](java\tscript:pwned())',
  '[click](&#106;avascript:pwned())',
  '[click](data:text/html,<script>pwned()</script>)',
  '[click](vbscript:pwned())',
  '[click](file:///etc/passwd)',
  '![picture](https://evil.example/beacon.png)',
  '[ref]: https://evil.example/ "x"\n![ref]',
  '<https://evil.example/">\n<style>@import "https://evil.example/x.css"</style>',
  '[https://bank.example](https://evil.example/login)',
  '[\u202eknab](https://evil.example/backwards)',
  '[x](https://evil.example/"onmouseover="pwned())',
  '```\n</code></pre><img src=x onerror=pwned()>\n```',
  '`</code><script>pwned()</script>`',
  `${'> '.repeat(300)}deep ${'*'.repeat(400)} ${'['.repeat(400)}`,
  'txt.‮gpj.exe ​‏ hidden',
  '<base href="https://evil.example/"><meta http-equiv="refresh" content="0;url=https://evil.example/">',
  '<p id="app"></p><a id="location" name="document">clobber</a>',
]

inBrowser.each([false, true])(
  'nothing that others write comes to life (with the policy of the page taken away: %s)',
  async (isPolicyIgnored) => {
    const { alice, bob, hers } = await theWorld()
    const { page } = hers
    const api = await bob.api()
    const end = `the last of them, ${isPolicyIgnored}`
    for (const text of HOSTILE) await api.send('alice', text)
    const last = await api.send('alice', end)
    await api.waitFor(last.id, 'delivered', { timeoutMs: 60_000 })

    await hers.openApp(alice, { viewport: { width: 1280, height: 6_000 }, isPolicyIgnored })
    await page.evaluate(() => {
      Object.assign(globalThis, { pwned: () => document.body.setAttribute('data-pwned', 'yes') })
    })
    await page.getByRole('button', { name: /bob/ }).first().click()
    await message(page, end).waitFor()
    // All of them are drawn at this height, and whatever a picture or a style would do has begun.
    await page.waitForLoadState('networkidle')
    const found = await page.evaluate(() => {
      const texts = [...document.querySelectorAll('.rich-text')]
      const inside = texts.flatMap((one) => [...one.querySelectorAll('*')])
      return {
        count: texts.length,
        tags: [...new Set(inside.map(({ localName }) => localName))],
        handlers: inside.filter((one) => one.getAttributeNames().some((name) => name.startsWith('on'))).length,
        links: inside
          .filter((one) => one instanceof HTMLAnchorElement)
          .map((one) => ({
            protocol: new URL(one.getAttribute('href') ?? '', 'invalid:').protocol,
            rel: one.getAttribute('rel') ?? '',
            host: one.nextElementSibling?.textContent ?? '',
            text: one.textContent,
          })),
        // Where each character of a host stands, behind a link whose text turns the direction.
        places: [...document.querySelectorAll('a[href$="/backwards"] + .host')].map((host) =>
          Array.from(host.textContent, (_, at) => {
            const range = document.createRange()
            range.setStart(host.firstChild ?? host, at)
            range.setEnd(host.firstChild ?? host, at + 1)
            return range.getBoundingClientRect().left
          }),
        ),
        isPwned: document.body.hasAttribute('data-pwned'),
        scripts: document.querySelectorAll('script:not([src])').length,
      }
    })
    expect(found.count).toBeGreaterThanOrEqual(HOSTILE.length)
    const allowed = [
      'p',
      'br',
      'strong',
      'em',
      's',
      'code',
      'pre',
      'ul',
      'ol',
      'li',
      'blockquote',
      'a',
      'hr',
      'span',
      'div',
      'button',
    ]
    expect(found.tags.filter((tag) => !allowed.includes(tag))).toEqual([])
    expect(found).toMatchObject({ handlers: 0, isPwned: false, scripts: 0 })
    for (const { protocol, rel } of found.links) {
      expect(['http:', 'https:', 'mailto:']).toContain(protocol)
      expect(rel).toContain('noopener')
    }
    expect(found.links).toContainEqual(expect.objectContaining({ text: 'https://bank.example', host: 'evil.example' }))
    expect(found.places).not.toEqual([])
    for (const places of found.places) expect(places).toEqual(places.toSorted((a, b) => a - b))
    expect(hers.foreign).toEqual([])
    expect(hers.complaints).toEqual([])
  },
)

inBrowser('everything is done with the keyboard alone', async () => {
  const { alice, bob, hers } = await theWorld()
  const { page } = hers
  await hers.openApp(alice)
  const { keyboard } = page
  await page.getByRole('button', { name: /bob/ }).first().waitFor()
  await keyboard.press('Control+k')
  await keyboard.type('bob')
  await page.getByRole('option', { name: 'bob' }).first().waitFor()
  await keyboard.press('Enter')
  await composer(page, 'bob').waitFor()
  await page.waitForFunction(() => document.activeElement?.id === 'composer')
  await keyboard.type('typed')
  await keyboard.press('Shift+Enter')
  await keyboard.type('on two lines')
  await keyboard.press('Enter')
  await isDelivered(page, 'on two lines')

  // The last message is edited from the empty box, and Esc leaves it as it was.
  await keyboard.press('ArrowUp')
  await page.getByText('Editing').waitFor()
  await keyboard.press('Escape')
  await page.getByText('Editing').waitFor({ state: 'detached' })
  expect(await rightAfter(page, 'ArrowUp')).toBe('typed\non two lines')
  await keyboard.press('Control+a')
  await keyboard.type('typed anew')
  await keyboard.press('Enter')
  await message(page, 'typed anew').getByText('edited').waitFor()
  const { messages } = await (await bob.api()).history('alice', { limit: 1 })
  expect(messages[0]?.direction).toBe('in')

  // Why, from the message itself, and back to where the focus was.
  await stateOf(page, 'typed anew').focus()
  await keyboard.press('Enter')
  await page.getByRole('dialog', { name: 'Where this message is' }).waitFor()
  await keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  expect(await page.evaluate(() => document.activeElement?.classList.contains('state-button'))).toBe(true)

  await keyboard.press('?')
  await page.getByRole('dialog', { name: 'Keyboard' }).waitFor()
  await keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  expect(await rightAfter(page, 'k', { ctrlKey: true })).toBe('')
  await keyboard.type('typed an')
  await page.getByRole('option').filter({ hasText: 'You: typed anew' }).first().waitFor()
  await keyboard.press('Enter')
  await page.locator('.is-found').getByText('typed anew').waitFor()
  await keyboard.press('Control+f')
  await page.waitForFunction(() => document.activeElement?.id === 'search')
  await keyboard.type('typed an')
  await page.getByRole('region', { name: 'Messages' }).locator('mark').first().waitFor()
  await keyboard.press('Enter')
  await page.locator('.is-found').getByText('typed anew').waitFor()
  await keyboard.press('Escape')
  await page.getByRole('region', { name: 'Messages' }).waitFor({ state: 'detached' })

  // A search that failed does not look like one that found nothing.
  const busy = {
    type: 'about:blank',
    title: 'Busy',
    status: 503,
    code: 'search-busy',
    detail: 'too many searches wait',
  }
  await page.route('**/api/v1/search?*', (route) => route.fulfill({ status: 503, json: busy }), { times: 1 })
  await page.getByRole('textbox', { name: 'Search' }).fill('typed an')
  const failed = page.getByRole('alert').filter({ hasText: 'Too many searches wait.' })
  await failed.waitFor()
  expect(await page.getByText('no message holds it').count()).toBe(0)
  await failed.getByRole('button', { name: 'Try again' }).click()
  expect(await page.evaluate(() => document.activeElement?.id)).toBe('search')
  await page.getByRole('region', { name: 'Messages' }).locator('mark').first().waitFor()
  expect(await failed.count()).toBe(0)
  await keyboard.press('Control+f')
  await keyboard.press('Escape')

  // Tab reaches every control that can be seen, once around.
  const controls = await page
    .locator('button:visible:enabled, input:visible, textarea:visible, a[href]:visible')
    .count()
  const reached = new Set<string>()
  for (let step = 0; step < controls + 20; step += 1) {
    await keyboard.press('Tab')
    reached.add(
      await page.evaluate(() => {
        const all = [...document.querySelectorAll('*')]
        return document.activeElement === null ? '' : String(all.indexOf(document.activeElement))
      }),
    )
  }
  expect(reached.size).toBeGreaterThanOrEqual(Math.min(controls, 20))
})

inBrowser('what arrives while a page of the conversation is under way is shown behind it', async () => {
  const { alice, bob, hers } = await theWorld()
  const { page } = hers
  const [herApi, hisApi] = [await alice.api(), await bob.api()]
  await hers.openApp(alice)
  // The app has not yet read all that it reads once its line is up when the conversation is opened.
  const opened = Promise.withResolvers<void>()
  await page.route('**/api/v1/contacts', async (route) => {
    await opened.promise
    await route.continue()
  })
  const overtake = async () => {
    const { id } = await hisApi.send('alice', 'overtook the page')
    await hisApi.waitFor(id, 'delivered', { timeoutMs: 60_000 })
    await page.getByRole('listitem').filter({ hasText: 'overtook the page' }).waitFor()
  }
  let isOvertaken = false
  await page.route(/\/api\/v1\/conversations\/[^/]+\/messages/, async (route) => {
    // One page is read, then a message arrives and is told, and only then the page is here. None after it ever is.
    if (isOvertaken) return
    isOvertaken = true
    const response = await route.fetch()
    opened.resolve()
    await overtake()
    await route.fulfill({ response })
  })
  await page.reload()
  await page.getByRole('button', { name: /bob/ }).first().click()
  await message(page, 'overtook the page').waitFor()
  const { messages } = await herApi.history('bob', { limit: 1 })
  expect(messages[0]?.text).toBe('overtook the page')
})

inBrowser('what comes while nobody looks is announced by name, and a second tab needs no link', async () => {
  const { alice, bob, hers } = await theWorld()
  const { page } = hers
  await page.context().grantPermissions(['notifications'])
  await hers.openApp(alice)
  await page.getByRole('button', { name: 'Settings' }).click()
  await page.getByRole('switch', { name: 'Notifications' }).click()
  await page.getByRole('switch', { name: 'Notifications', checked: true }).waitFor()
  await page.keyboard.press('Escape')
  // The system's own are not for a page to read.
  await page.evaluate(() => {
    class Recorded {
      onclick = () => undefined
      close = () => undefined
      constructor(title: string, { body }: { body: string }) {
        document.body.append(Object.assign(document.createElement('output'), { textContent: `${title}: ${body}` }))
        document.querySelector('output')?.addEventListener('click', () => this.onclick())
      }
    }
    Object.assign(globalThis, { Notification: Recorded })
  })
  await page.getByRole('button', { name: 'Network' }).click()
  await (await bob.api()).send('alice', 'the **kettle** is on')
  await page.locator('output').filter({ hasText: 'bob: the kettle is on' }).dispatchEvent('click')
  await message(page, 'the kettle is on').waitFor()

  const second = await page.context().newPage()
  await second.goto(`${alice.ready.api}/`)
  await second.getByRole('navigation', { name: 'Conversations' }).waitFor()
  await second.close()
  await page.context().clearPermissions()
})

inBrowser('a long conversation is read back without a jump, and only what is near the window is drawn', async () => {
  const { alice, bob, hers } = await theWorld()
  const { page } = hers
  const api = await bob.api()
  const count = 150
  // Of many heights, so that what was guessed of rows that were not drawn yet is wrong.
  const texts = Array.from({ length: count }, (_, at) => `number ${at + 1}. ${'word '.repeat((at * 7) % 60)}`)
  const ids: string[] = []
  for (const text of texts) ids.push((await api.send('alice', text)).id)
  await api.waitFor(ids.at(-1) ?? '', 'delivered', { timeoutMs: 60_000 })

  await hers.openApp(alice)
  // In the conversation: the list beside it shows the last message before that is there.
  const newest = page.locator('.row').getByText(`number ${count}.`)
  await page.getByRole('button', { name: /bob/ }).first().click()
  await newest.waitFor()
  await page.mouse.move(700, 400)
  let above = count
  while (above > 1) {
    await page.mouse.wheel(0, -700)
    // The first row in the window: never a later one than before, and not one that was skipped.
    const now = await page.evaluate(async () => {
      await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))
      const top = document.querySelector('.list')?.getBoundingClientRect().top ?? 0
      const rows = [...document.querySelectorAll('.row')].filter((row) => row.getBoundingClientRect().bottom > top)
      const numbers = rows.map(({ textContent }) => Number(/number (\d+)\./.exec(textContent ?? '')?.[1]))
      return { first: Math.min(...numbers.filter(Number.isFinite)), drawn: document.querySelectorAll('.row').length }
    })
    expect(now.first).toBeLessThanOrEqual(above)
    expect(now.first).toBeGreaterThan(above - 25)
    expect(now.drawn).toBeLessThan(100)
    above = now.first
  }
  await page.getByRole('button', { name: 'To the newest message' }).click()
  await newest.waitFor()

  // From the end to a message far back, on from there towards the end again, and back to it by one click.
  await page.reload()
  await newest.waitFor()
  await page.keyboard.press('Control+f')
  await page.keyboard.type('"number 7"')
  await page.getByRole('region', { name: 'Messages' }).getByRole('button').first().click()
  await page.locator('.is-found').getByText('number 7.').waitFor()
  await page.mouse.move(700, 400)
  while ((await page.getByText('number 90.').count()) === 0) await page.mouse.wheel(0, 900)
  await page.getByRole('button', { name: 'To the newest message' }).click()
  await newest.waitFor()
})

/** Not imported: only the page runs it. */
const require = createRequire(import.meta.url)
const AXE = require.resolve('axe-core/axe.min.js')

const Violations = z.object({
  violations: z.array(
    z.object({ id: z.string(), impact: z.string().nullable(), nodes: z.array(z.object({ html: z.string() })) }),
  ),
})

inBrowser(
  'nothing scrolls sideways on a phone, and axe finds nothing serious, in the dark and in the light',
  async () => {
    const { alice, hers } = await theWorld()
    const { page } = hers
    const serious: unknown[] = []
    const wide: unknown[] = []
    // axe is a stranger to the policy of the page.
    await hers.openApp(alice, { colorScheme: 'dark', isPolicyIgnored: true })
    await page.evaluate(await readFile(AXE, 'utf8'))
    const judge = async (where: string) => {
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme })
        const only = colorScheme === 'dark' ? '' : 'runOnly: ["color-contrast"], '
        // What is well is not carried here: that takes longer than to look.
        const run = `axe.run({ ${only}resultTypes: ['violations'] }).then(({ violations }) => ({ violations }))`
        const { violations } = Violations.parse(await page.evaluate(run))
        for (const { id, impact, nodes } of violations) {
          if (impact === 'serious' || impact === 'critical')
            serious.push({ where, colorScheme, id, nodes: nodes.slice(0, 3) })
        }
      }
      await page.setViewportSize({ width: 320, height: 640 })
      const width = await page.evaluate(() => document.scrollingElement?.scrollWidth ?? 0)
      const overflowing = await page.evaluate(() =>
        [...document.querySelectorAll('.page, .sidebar, .details, .list, .network, .details-body, .sidebar-list')]
          .filter((one) => one.scrollWidth > one.clientWidth + 1)
          .map(({ className }) => className),
      )
      if (width > 320 || overflowing.length > 0) wide.push({ where, width, overflowing })
      await page.setViewportSize({ width: 1280, height: 800 })
    }
    await page.getByRole('button', { name: /bob/ }).first().waitFor()
    await judge('list')
    await page.getByRole('button', { name: /bob/ }).first().click()
    await page.getByRole('article').first().waitFor()
    await judge('conversation')
    await page.getByRole('button', { name: 'Details' }).click()
    await page.getByRole('img', { name: /camera/ }).waitFor()
    await judge('details')
    await page.keyboard.press('Control+k')
    await page.getByRole('option').first().waitFor()
    await judge('palette')
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Settings' }).click()
    await page.getByRole('switch', { name: 'Read receipts' }).waitFor()
    await judge('settings')
    await page.keyboard.press('Escape')
    await page.keyboard.press('Control+Shift+f')
    await page.keyboard.type('hello')
    await page.locator('mark').first().waitFor()
    await judge('search')
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Network' }).click()
    await page.getByRole('heading', { name: 'Connections' }).waitFor()
    await page.getByRole('img', { name: /received \(above\)/ }).waitFor()
    await judge('network')
    expect(serious).toEqual([])
    expect(wide).toEqual([])
  },
)

inBrowser('a changed key is told in words, nothing goes to it, and the user decides on the page', async () => {
  const { stage, directory, alice, hers } = await theWorld()
  const { page } = hers
  // Two memories of one directory: in the false one carol never registered, so her name is free.
  await directory.copyData(stage.path('false'))
  const carol = await PeerProgram.start(stage, { name: 'carol', directory: directory.url })
  await alice.say('carol', 'Is it you?')
  await carol.kill()
  await directory.restart(stage.path('false'))
  const impostor = await PeerProgram.start(stage, { name: 'carol', profile: 'impostor', directory: directory.url })

  await hers.openApp(alice)
  await page.getByRole('button', { name: /carol/ }).first().click()
  await say(page, 'carol', 'Only for carol')
  const banner = page.getByRole('alert').filter({ hasText: 'carol’s key changed. Nothing was sent to the new key.' })
  await banner.waitFor({ timeout: 60_000 })
  await message(page, 'Only for carol').last().locator('[data-state="on-hold"]').waitFor()
  await banner.getByRole('button', { name: 'Compare' }).click()
  const details = page.getByRole('complementary', { name: 'About carol' })
  await details.getByText('The name carol is another account’s now. 1 message is held.').waitFor()
  await details.getByRole('button', { name: 'Accept the new key' }).waitFor()
  await details.getByRole('button', { name: 'Keep the known key' }).click()
  await page.getByText('The known key stays. 1 held message goes to it.').waitFor()
  await banner.waitFor({ state: 'detached' })
  await page.getByText('You kept the known key of carol.').waitFor()
  expect(await impostor.said('alice')).toEqual([])

  // What was held reaches the one it was written to, once she is back.
  await impostor.kill()
  await directory.restart(directory.dataDir)
  await carol.startAgain()
  await isDelivered(page, 'Only for carol')
})

/** What a page of somebody else tries against a daemon on the same machine. */
function hostilePage(api: string): string {
  const body = JSON.stringify({ to: 'bob', text: 'not from me' })
  return `<!doctype html><title>hostile</title>
<form id="form" method="post" enctype="text/plain" action="${api}/api/v1/messages" target="frame"><input name='${body.slice(0, -1)},"x":"' value='"}'></form>
<iframe name="frame"></iframe><iframe id="framed" src="${api}/"></iframe>
<script>
const told = []
const ask = (what, options) => fetch(what, options).then(
  async (response) => told.push(response.type === 'opaque' ? '' : await response.text()), () => undefined)
document.getElementById('form').submit()
const socket = new WebSocket('${api.replace('http', 'ws')}/ws')
socket.onmessage = ({ data }) => told.push(data)
const closed = new Promise((resolve) => { socket.onclose = resolve })
window.done = Promise.all([
  closed,
  ask('${api}/api/v1/messages', { method: 'POST', mode: 'no-cors', headers: { 'content-type': 'text/plain' }, body: '${body}' }),
  ask('${api}/api/v1/messages', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '${body}' }),
  ask('${api}/api/v1/sign-in', { method: 'POST', mode: 'no-cors', body: '{"code":"${'A'.repeat(43)}"}' }),
  ask('${api}/api/v1/sign-in-links', { method: 'POST', mode: 'no-cors' }),
  ask('${api}/api/v1/stop', { method: 'POST', mode: 'no-cors' }),
  ask('${api}/api/v1/status', { credentials: 'include' }),
]).then(() => told.join(''))
</script>`
}

inBrowser(
  'a page of somebody else changes nothing and reads nothing, by its own name or by that of this machine',
  async () => {
    const { alice, his } = await theWorld()
    const { page } = his
    const { port } = new URL(alice.ready.api)
    const api = await alice.api()
    const before = (await api.history('bob', { limit: 500 })).messages.map(({ id }) => id)
    const asked: string[] = []
    const server = createServer((request, response) => {
      asked.push(request.url ?? '')
      response.setHeader('content-type', 'text/html')
      const target = request.url === '/rebound' ? `http://rebound.example:${port}` : alice.ready.api
      response.end(hostilePage(target))
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('no port')
    try {
      for (const path of ['/', '/rebound']) {
        await page.goto(`http://evil.example:${address.port}${path}`)
        expect(await page.evaluate('window.done')).toBe('')
        expect(await page.frameLocator('#framed').getByRole('navigation').count()).toBe(0)
      }
      // A name of the stranger that points here now: the same port, so the browser sees one origin.
      const rebound = await page.goto(`http://rebound.example:${port}/`)
      expect(rebound?.status()).toBe(403)
      expect(await rebound?.text()).toContain('forbidden-host')
      expect(asked.length).toBeGreaterThanOrEqual(2)
    } finally {
      server.close()
    }
    expect((await api.history('bob', { limit: 500 })).messages.map(({ id }) => id)).toEqual(before)
    expect((await api.status()).name).toBe('alice')
  },
)

inBrowser(
  'the page of the API of the directory shows every call, asks nobody else, and breaks no rule of its own',
  async () => {
    const { directory, his } = await theWorld()
    const { url } = directory
    const { page } = his
    await his.visit(`${url}/docs`)
    const call = page.locator('#operations-users-getV1UsersName')
    await call.click()
    await call.getByText('Nobody holds this name').waitFor()
    const calls = await page.locator('.opblock').count()
    await call.locator('.try-out__btn').click()
    await call.getByPlaceholder('name', { exact: true }).fill('alice')
    const asked = page.waitForRequest(`${url}/v1/users/alice`)
    await call.locator('.execute').click()
    await call.locator('.live-responses-table .response').first().waitFor()
    await asked

    const document: { paths: Record<string, object> } = JSON.parse(await (await fetch(`${url}/openapi.json`)).text())
    expect(calls).toBe(Object.values(document.paths).flatMap((methods) => Object.keys(methods)).length)
    // Violations of the content security policy are told here too.
    expect(his.complaints).toEqual([])
    expect(his.foreign).toEqual([])
  },
)
