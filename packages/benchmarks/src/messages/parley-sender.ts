// A peer in a process of its own that sends, with no directory between the two.

import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { setTimeout as nextTurn } from 'node:timers/promises'
import { createPeer, type Peer } from '@parley/peer-client'
import { pace } from '#bench/load.ts'
import { figureOf, type Numbers } from '#bench/note.ts'
import { serveParent } from '#bench/serve-parent.ts'
import { quantile } from '#bench/statistics.ts'
import { indexed, lookForWords } from './look-for-words.ts'
import { sendMany, settled, TEXT } from './pour.ts'
import { SpanSums } from './span-sums.ts'
import { wordTexts } from './word-texts.ts'

const TO = 'receiver'

/** Of a long conversation one id in so many is kept: enough to look everywhere, too few to be seen in the memory. */
const KEEP_EVERY = 1_000
const PAGE = 50
/** Coprime to any round number, so that looks spread. */
const PLACES_STRIDE = 389

const spans = new SpanSums()
let places: readonly string[] = []
let texts: readonly string[] = []
let written = 0

/** Sends as fast as the outbox takes it; the time ends with the tick of the last message. */
async function pour(peer: Peer, load: Numbers): Promise<Numbers> {
  const start = performance.now()
  const { messages } = await sendMany(peer, TO, pace(load))
  await settled(peer)
  return { messages, ms: performance.now() - start }
}

/**
 * One message at a time. `trip` is from the call of send to the tick; from the return of send, when it is committed, it is `ack`
 * until the receiver's answer is in hand, and `tick` until that is committed too.
 */
async function lone(peer: Peer, samples: number): Promise<Numbers> {
  const trips: number[] = []
  const acks: number[] = []
  const ticks: number[] = []
  let answered = 0
  const onAnswer = () => {
    answered = performance.now()
  }
  subscribe('parley:answer', onAnswer)
  for (let left = samples; left > 0; left -= 1) {
    const called = performance.now()
    const { id } = await peer.send(TO, TEXT)
    const committed = performance.now()
    const { state } = await peer.waitFor(id, 'delivered')
    const delivered = performance.now()
    if (state !== 'delivered') throw new Error(`the message is ${state}`)
    trips.push((delivered - called) * 1000)
    acks.push((answered - committed) * 1000)
    ticks.push((delivered - committed) * 1000)
  }
  unsubscribe('parley:answer', onAnswer)
  return {
    tripP50Micros: quantile(trips, 0.5),
    tripP99Micros: quantile(trips, 0.99),
    ackP50Micros: quantile(acks, 0.5),
    ackP99Micros: quantile(acks, 0.99),
    tickP50Micros: quantile(ticks, 0.5),
    tickP99Micros: quantile(ticks, 0.99),
  }
}

/** As `pour`, but the words that `prepare` made, and remembers where in the conversation one may look. */
async function bulk(peer: Peer, load: Numbers): Promise<Numbers> {
  const start = performance.now()
  const text = () => texts[written++ % texts.length] ?? TEXT
  const { messages, ids } = await sendMany(peer, TO, pace(load), { keepEvery: KEEP_EVERY, text })
  await settled(peer)
  places = [...places, ...ids]
  return { messages, ms: performance.now() - start }
}

/** Pages of history: the newest, and from places all over the conversation. */
async function pages(peer: Peer, looks: number): Promise<Numbers> {
  const newest: number[] = []
  const anywhere: number[] = []
  for (let look = 0; look < looks; look += 1) {
    newest.push(await micros(() => peer.history(TO, PAGE)))
    const before = places[(look * PLACES_STRIDE) % places.length]
    anywhere.push(await micros(() => peer.history(TO, PAGE, { before })))
  }
  return {
    newestP50Micros: quantile(newest, 0.5),
    newestP99Micros: quantile(newest, 0.99),
    anywhereP50Micros: quantile(anywhere, 0.5),
    anywhereP99Micros: quantile(anywhere, 0.99),
  }
}

async function micros(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return (performance.now() - start) * 1000
}

/** Accepts messages for somebody who is away. */
async function queue(peer: Peer, load: Numbers): Promise<Numbers> {
  while (await peer.isConnected(TO)) await nextTurn()
  const start = performance.now()
  const { messages } = await sendMany(peer, TO, pace(load))
  return { messages, ms: performance.now() - start }
}

/** From the session to the last tick. */
async function catchUp(peer: Peer): Promise<Numbers> {
  const enough = new AbortController()
  for await (const { link } of peer.peerChanges(enough.signal)) if (link.state === 'connected') break
  enough.abort()
  const start = performance.now()
  await settled(peer)
  return { ms: performance.now() - start }
}

function prepare(messages: number): Numbers {
  texts = wordTexts(messages)
  return {}
}

function watch(sums: SpanSums): Numbers {
  sums.start()
  return {}
}

const [, , profile, address = ''] = process.argv
const peer = await createPeer({ name: 'sender', profile, directory: null }).start()
await peer.connect(address)
await serveParent(
  {},
  {
    pour: (load) => pour(peer, load),
    prepare: (numbers) => prepare(figureOf(numbers, 'messages')),
    bulk: (load) => bulk(peer, load),
    pages: (numbers) => pages(peer, figureOf(numbers, 'looks')),
    index: () => indexed(peer),
    search: (numbers) => lookForWords(peer, figureOf(numbers, 'looks'), texts.slice(0, written)),
    queue: (load) => queue(peer, load),
    catchUp: () => catchUp(peer),
    lone: (numbers) => lone(peer, figureOf(numbers, 'samples')),
    watch: () => watch(spans),
    spans: () => spans.take(),
  },
)
await peer.stop()
