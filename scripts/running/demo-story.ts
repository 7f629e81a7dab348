import { openInBrowser } from '@parley/shared/terminal/desktop.ts'
import { type Demo, endedWell, show } from './demo.ts'

const LATE = 'This waited on my disk until you came back.'

/** All that the demonstration shows. Rejects at the first step that does not go as it is told. */
export async function tell(demo: Demo, isShownInBrowser: boolean): Promise<void> {
  demo.begin('A directory starts. It introduces people and never sees a message.')
  const url = await demo.startDirectory()

  demo.begin('Alice and Bob each start a peer. Each makes its keys and registers its name.')
  // Beside each other: a busy machine needs seconds for every start.
  let [, bob] = await Promise.all([demo.startPeer('alice', url), demo.startPeer('bob', url)])

  demo.begin('Each peer serves its page on this machine. Open both and look on; each link signs in once:')
  await showPages(demo, isShownInBrowser)

  demo.begin('Alice looks Bob up by name and connects to him directly.')
  await demo.parley('alice', 'find', 'bob')
  await demo.parley('alice', 'connect', 'bob')

  demo.begin('They talk. The tick means that the other side has stored the message.')
  await demo.parley('alice', 'send', 'bob', 'Hello, Bob.', '--wait', 'delivered')
  await demo.parley('bob', 'send', 'alice', 'Hello, Alice. No server between us.', '--wait', 'delivered')

  demo.begin(`Bob's peer is killed with SIGKILL. Alice writes all the same; her message waits on her disk.`)
  await bob.end('SIGKILL')
  const late = demo.begun('alice', 'send', 'bob', LATE, '--wait', 'delivered', '--timeout', '40s')
  await late.line((line) => (/queued|sent/.test(line) ? line : undefined))

  demo.begin('Bob starts again. The late message reaches him, once.')
  bob = await demo.startPeer('bob', url)
  await endedWell(late)
  const history = await demo.parley('bob', 'history', 'alice')
  const times = history.filter((line) => line.includes(LATE)).length
  if (times !== 1) throw new Error(`the late message is ${times} times in Bob's history`)

  demo.begin('Both databases are compared: nothing lost, doubled, reordered or ticked too early.')
  for (const line of await demo.asked('verify-ledger', demo.profile('alice'), demo.profile('bob'))) show(line)
}

async function showPages(demo: Demo, isShownInBrowser: boolean): Promise<void> {
  const names = ['alice', 'bob']
  const urls = await Promise.all(names.map((name) => demo.link(name)))
  for (const [at, url] of urls.entries()) show(`${names[at]}: ${url}`)
  if (!isShownInBrowser) return
  const areOpen = await Promise.all(urls.map(openInBrowser))
  if (!areOpen.every(Boolean)) show('There is no desktop here that could open them.')
}
