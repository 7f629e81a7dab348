// A peer in a process of its own that sends, with no directory between the two.

import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { createPeer, type Peer } from '@parley/peer-client'
import { pace } from '#bench/load.ts'
import { figureOf, type Numbers } from '#bench/note.ts'
import { serveParent } from '#bench/serve-parent.ts'
import { quantile } from '#bench/statistics.ts'
import { MESSAGE_BYTES } from './flow.ts'

/** Callers that each send one message after the other, enough to keep the outbox full. */
const CALLERS = 512

const TO = 'receiver'
const TEXT = 'm'.repeat(MESSAGE_BYTES)

/** Sends as fast as the outbox takes it; the time ends with the tick of the last message. */
async function pour(peer: Peer, load: Numbers): Promise<Numbers> {
  const start = performance.now()
  const more = pace(load)
  let messages = 0
  const call = async () => {
    while (more()) {
      messages += 1
      await peer.send(TO, TEXT)
    }
  }
  await Promise.all(Array.from({ length: CALLERS }, call))
  await settled(peer)
  return { messages, ms: performance.now() - start }
}

/** Resolves when each message that was accepted has its tick. */
async function settled(peer: Peer): Promise<void> {
  const enough = new AbortController()
  const happenings = peer.happenings(enough.signal)
  try {
    if (peer.pending() === 0) return
    for await (const { kind } of happenings) {
      if (kind === 'delivered' && peer.pending() === 0) return
    }
  } finally {
    enough.abort()
  }
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

const [, , profile, address = ''] = process.argv
const peer = await createPeer({ name: 'sender', profile, directory: null }).start()
await peer.connect(address)
await serveParent(
  {},
  {
    pour: (load) => pour(peer, load),
    lone: (numbers) => lone(peer, figureOf(numbers, 'samples')),
  },
)
await peer.stop()
