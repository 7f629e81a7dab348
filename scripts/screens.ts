// `pnpm screens`: what the web app looks like, from real peers in a real browser, into docs/screens.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { launchBrowser } from '@parley/e2e/browser.ts'
import { PeerProgram } from '@parley/e2e/peer-program.ts'
import { COMMAND, Stage } from '@parley/e2e/stage.ts'
import { Tab } from '@parley/e2e/tab.ts'

const TARGET = process.argv[2] ?? fileURLToPath(new URL('../docs/screens', import.meta.url))

const LINES: readonly (readonly [who: 'alice' | 'bob', text: string])[] = [
  ['bob', 'Morning. Did the **relay sketch** survive the night?'],
  ['alice', 'Mostly. Two open questions:'],
  ['alice', '1. what the peer does when both paths are up\n2. who closes the older one'],
  ['bob', 'The lower key decides, as for crossed dials. Same rule, one place:'],
  [
    'bob',
    '```ts\nexport function keeps(mine: DeviceKey, theirs: DeviceKey): boolean {\n  return mine < theirs\n}\n```',
  ],
  ['alice', 'Then the answer to _both_ is the same function. I like that.'],
  ['bob', 'Notes are at https://example.org/notes/sessions and the old thread [here](https://example.net/t/4711)'],
  ['alice', '> who closes the older one\n\nWhoever holds the lower key. I will write it down today.'],
  ['bob', 'Good. Lunch at twelve?'],
]

await using stage = await Stage.open()
await mkdir(TARGET, { recursive: true })
const directory = (await stage.directory()).url
const [alice, bob, carol] = await Promise.all(
  ['alice', 'bob', 'carol'].map((name) => PeerProgram.start(stage, { name, directory })),
)
if (alice === undefined || bob === undefined || carol === undefined) throw new Error('a peer is missing')
const newcomer = await PeerProgram.start(stage, { name: 'dora', directory })
const apis = { alice: await alice.api(), bob: await bob.api() }
for (const [who, text] of LINES) {
  const { id } = await apis[who].send(who === 'alice' ? 'bob' : 'alice', text)
  await apis[who].waitFor(id, 'delivered', { timeoutMs: 30_000 })
}
const carols = await carol.api()
for (const text of ['The printers want the poster by Friday', 'I can bring it over, if you send me the file']) {
  const { id } = await carols.send('alice', text)
  await carols.waitFor(id, 'delivered', { timeoutMs: 30_000 })
}
// An answer and reactions, with emoji that every font has.
const theirs = (await apis.alice.history('bob', { limit: 9 })).messages
const question = theirs.find(({ text }) => text.startsWith('The lower key'))
if (question === undefined) throw new Error('a message is missing')
await apis.alice.react(question.id, '❤️')
const answer = await apis.alice.send('bob', 'Does that hold for relayed ones, too?', { replyTo: question.id })
await apis.alice.waitFor(answer.id, 'delivered', { timeoutMs: 30_000 })
const bobsNumber = await apis.alice.safetyNumber('bob')
await apis.alice.verify('bob', bobsNumber.number)
await apis.alice.connect('dora')
await carol.program.end('SIGTERM')
await apis.alice.send('carol', 'The file is on its way. Is A2 large enough?')

const browser = await launchBrowser()
const viewport = { width: 1280, height: 800 }
try {
  const tab = await Tab.open(browser, { locale: 'en-GB' })
  const { page } = tab
  for (const colorScheme of ['dark', 'light'] as const) {
    await tab.openApp(alice, { colorScheme, viewport })
    const shoot = async (name: string) => {
      await page.mouse.move(640, 2)
      await page.screenshot({ path: join(TARGET, `${name}-${colorScheme}.png`), animations: 'disabled' })
    }
    const open = async (name: string, lastText: string) => {
      await page
        .getByRole('button', { name: new RegExp(name) })
        .first()
        .click()
      await page.getByText(lastText).last().waitFor()
      await page.getByRole('listitem').filter({ hasText: name }).locator('.badge').waitFor({ state: 'detached' })
    }
    await open('bob', 'Does that hold')
    await page.getByRole('textbox', { name: 'Message to bob' }).fill('Twelve is fine. The usual place')
    await shoot('conversation')
    await page.getByRole('article').filter({ hasText: 'Lunch at twelve?' }).hover()
    await page.screenshot({ path: join(TARGET, `actions-${colorScheme}.png`), animations: 'disabled' })
    await page.keyboard.press('Control+Shift+f')
    await page.keyboard.type('key')
    await page.locator('mark').first().waitFor()
    await shoot('search')
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Settings' }).click()
    await page.getByRole('switch', { name: 'Read receipts' }).waitFor()
    await shoot('settings')
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Details' }).click()
    await page.getByRole('img', { name: /camera/ }).waitFor()
    await shoot('safety-number')
    await page.keyboard.press('Escape')
    await open('carol', 'Is A2 large enough?')
    await page
      .getByRole('button', { name: /Queued|Sent/ })
      .last()
      .click()
    await page.getByRole('dialog').getByRole('listitem').first().waitFor()
    await shoot('why')
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Network' }).click()
    await page.getByText('to carol').waitFor()
    await page.getByRole('img', { name: /received \(above\)/ }).waitFor()
    await shoot('network')
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox').fill('do')
    await page.getByRole('option', { name: 'dora' }).waitFor()
    await page.locator('mark').first().waitFor()
    await shoot('palette')
    await page.keyboard.press('Escape')
    await open('bob', 'Does that hold')
    await page.setViewportSize({ width: 900, height: 800 })
    await page.getByRole('button', { name: 'Details' }).click()
    await page.getByRole('img', { name: /camera/ }).waitFor()
    await shoot('details-900')
    await page.keyboard.press('Escape')
    for (const width of [640, 320]) {
      await page.setViewportSize({ width, height: 640 })
      await shoot(`conversation-${width}`)
    }
    await page.getByRole('button', { name: 'Back to the list' }).click()
    await shoot('list-320')
  }
  await tab.openApp(newcomer, { colorScheme: 'dark', viewport })
  await page.getByText('Welcome').waitFor()
  await page.screenshot({ path: join(TARGET, 'first-run-dark.png'), animations: 'disabled' })
  await page.getByRole('textbox', { name: 'Search' }).fill('al')
  await page.getByRole('button', { name: 'alice' }).waitFor()
  await page.screenshot({ path: join(TARGET, 'find-dark.png'), animations: 'disabled' })
  const flags = ['start', '--set-up', '--json', '--port', '0', '--directory', directory, '--profile', stage.path('new')]
  const setUp = stage.run({ name: 'new', command: [...COMMAND.parley, ...flags] })
  const link = await setUp.line((line) => /"url":"([^"]+)"/.exec(line)?.[1])
  await tab.visit(link, { colorScheme: 'dark', viewport })
  await page.getByRole('textbox', { name: 'Name' }).fill('erin')
  await page.getByText('erin is free').waitFor()
  await page.screenshot({ path: join(TARGET, 'set-up-dark.png'), animations: 'disabled' })
} finally {
  await browser.close()
}
console.log(`The screens are in ${TARGET}`)
