import { messageHash, streamRoot } from '@parley/shared/hashes.ts'
import { EnvelopeId, Epoch, LocalMessageId, randomId } from '@parley/shared/ids.ts'
import {
  DORMANT_AFTER_MS,
  ENVELOPE_ID_KEPT_MS,
  IDEMPOTENCY_KEPT_MS,
  PROOF_INTERVAL_MS,
  RESEAL_MAX_MS,
  TIDY_MS,
} from '@parley/shared/limits.ts'
import { plant } from '@parley/shared/planted-faults.ts'
import { encodeBundle } from '@parley/shared/wire/bundle.ts'
import { type FrameOf, TYPE } from '@parley/shared/wire/frames.ts'
import { chainMessage, decodeMessage, draftMessage } from '@parley/shared/wire/message.ts'
import { describe, expect, test } from 'vitest'
import { type DeliveryFrame, SILENT_LOG } from '#delivery/ports.ts'
import { Upkeep } from '#delivery/upkeep.ts'
import { ScriptedPeer } from './scripted-peer.ts'
import { SimLine, SimNode } from './simulation/node.ts'

const TRUE_HASH = (peer: ScriptedPeer, seq: number): Uint8Array => {
  const [stream] = peer.alice.store.streams.all()
  return peer.alice.store.messages.hashAt(stream?.id ?? 0, seq) ?? new Uint8Array(32)
}
const epochOf = (peer: ScriptedPeer): Epoch => Epoch.parse(peer.alice.store.streams.all()[0]?.epoch)

describe('the tick', () => {
  test('is set by a claim with my hash', async () => {
    const peer = new ScriptedPeer()
    await peer.ready()
    const [id] = await peer.send('hello')
    const [envelope] = peer.envelopes()
    expect(peer.stateOf(id ?? '')).toBe('sent')
    const claim = { epoch: epochOf(peer), upTo: 1, hash: TRUE_HASH(peer, 1) }
    await peer.say({ type: TYPE.ack, envelopes: envelope === undefined ? [] : [envelope.id], streams: [claim] })
    expect(peer.stateOf(id ?? '')).toBe('delivered')
    expect(peer.delivered).toEqual([expect.objectContaining({ from: 1, to: 1 })])
  })

  test('is not set by a claim with another hash', async () => {
    const peer = new ScriptedPeer()
    await peer.ready()
    const [id] = await peer.send('hello')
    await peer.say({
      type: TYPE.ack,
      envelopes: [],
      streams: [{ epoch: epochOf(peer), upTo: 1, hash: new Uint8Array(32) }],
    })
    expect(peer.stateOf(id ?? '')).toBe('sent')
  })

  test('is not set by an envelope id alone: what the ack does not confirm is sealed again', async () => {
    const peer = new ScriptedPeer()
    await peer.ready()
    const [id] = await peer.send('hello')
    const [first] = peer.envelopes()
    await peer.say(peer.ack(first?.id ?? randomId(EnvelopeId)))
    expect(peer.stateOf(id ?? '')).toBe('sent')
    expect(peer.envelopes()).toHaveLength(2)
    expect(peer.envelopes()[1]?.id).not.toBe(first?.id)
  })

  test('is set by an envelope id alone when that fault is planted', async () => {
    const peer = new ScriptedPeer()
    await peer.ready()
    const [id] = await peer.send('hello')
    const takeOut = plant('confirm-by-envelope-id')
    await peer.say(peer.ack(peer.envelopes()[0]?.id ?? randomId(EnvelopeId))).finally(takeOut)
    expect(peer.stateOf(id ?? '')).toBe('delivered')
  })

  test('is not set by a claim above what was ever frozen, and the contradiction is noted', async () => {
    const peer = new ScriptedPeer()
    await peer.ready()
    const [id] = await peer.send('hello')
    await peer.say({
      type: TYPE.ack,
      envelopes: [],
      streams: [{ epoch: epochOf(peer), upTo: 9, hash: TRUE_HASH(peer, 1) }],
    })
    expect(peer.stateOf(id ?? '')).toBe('sent')
    expect(peer.alice.store.events.after(0, 100).map(({ kind }) => kind)).toContain('rolled-back')
  })

  test('is not set by a claim beyond what this profile knows to have sealed for the device, which gets it again', async () => {
    const peer = new ScriptedPeer()
    await peer.ready()
    const [id] = await peer.send('hello')
    // Set back to when the position was frozen for another device: what this one was told of it since may be that it is withheld.
    peer.alice.database.exec(
      "UPDATE cursors SET sealed_to = 0; UPDATE envelopes SET state = 'superseded', ended_at = 0",
    )
    const claim = { epoch: epochOf(peer), upTo: 1, hash: TRUE_HASH(peer, 1) }
    await peer.say({ type: TYPE.ack, envelopes: [], streams: [claim] })
    expect(peer.stateOf(id ?? '')).toBe('sent')
    const again = peer.envelopes()[1]
    expect(peer.envelopes()).toHaveLength(2)
    await peer.say({ type: TYPE.ack, envelopes: [again?.id ?? randomId(EnvelopeId)], streams: [claim] })
    expect(peer.stateOf(id ?? '')).toBe('delivered')
  })

  test('stays when the device later says that it holds less; the message goes out once more', async () => {
    const peer = new ScriptedPeer()
    await peer.ready()
    const [id] = await peer.send('hello')
    const [envelope] = peer.envelopes()
    const claim = { epoch: epochOf(peer), upTo: 1, hash: TRUE_HASH(peer, 1) }
    await peer.say({ type: TYPE.ack, envelopes: [envelope?.id ?? randomId(EnvelopeId)], streams: [claim] })
    peer.wire.length = 0
    peer.connect()
    await peer.ready()
    expect(peer.envelopes()).toHaveLength(1)
    expect(peer.stateOf(id ?? '')).toBe('delivered')
  })
})

test('an envelope that cannot be opened is sealed again for a renewed ratchet, and less and less often', async () => {
  const peer = new ScriptedPeer()
  await peer.ready()
  await peer.send('hello')
  for (let round = 0; round < 8; round += 1) {
    const envelope = peer.envelopes().at(-1)
    const bundle = await peer.bob.bundle()
    const before = peer.schedule.now
    await peer.say({
      type: TYPE.reject,
      envelope: envelope?.id ?? randomId(EnvelopeId),
      code: 'undecryptable',
      streams: [],
      bundle,
    })
    if (round >= 4) expect(peer.schedule.now - before).toBeGreaterThanOrEqual(1_000)
  }
  const ids = peer.envelopes().map(({ id }) => id)
  expect(new Set(ids).size).toBe(ids.length)
  expect(ids.length).toBeGreaterThanOrEqual(8)
  expect(peer.alice.store.devices.get(peer.bob.device)?.generation).toBeGreaterThanOrEqual(8)
})

describe('the end of a process', () => {
  const rejectLast = async (peer: ScriptedPeer, code: 'key-change' | 'undecryptable'): Promise<FrameOf<4>> => {
    const envelope = peer.envelopes().at(-1)?.id ?? randomId(EnvelopeId)
    return { type: TYPE.reject, envelope, code, streams: [], bundle: await peer.bob.bundle() }
  }
  /** Resolves when it has stopped, without a step more. */
  const stop = async (peer: ScriptedPeer): Promise<void> => {
    let isStopped = false
    const stopping = peer.alice.delivery.stop().finally(() => {
      isStopped = true
    })
    await peer.schedule.run(1_000, () => isStopped)
    await stopping
  }

  test('waits for the frames that are being handled, and leaves nothing that would run later', async () => {
    const peer = new ScriptedPeer()
    await peer.ready()
    await peer.send('hello')
    let isHandled = false
    const handling = peer.alice.delivery.receive(peer.line, await rejectLast(peer, 'key-change')).finally(() => {
      isHandled = true
    })
    await stop(peer)
    expect(isHandled).toBe(true)
    await handling
    expect(await peer.schedule.run(1_000)).toBe(0)
  })

  test('in the middle of a seal that is to be followed by a wait does not wait', async () => {
    const peer = new ScriptedPeer()
    await peer.ready()
    await peer.send('hello')
    for (let round = 0; round < 5; round += 1) await peer.say(await rejectLast(peer, 'undecryptable'))
    const before = peer.envelopes().length
    const { store } = peer.alice
    const handling = peer.alice.delivery.receive(peer.line, await rejectLast(peer, 'undecryptable'))
    await peer.schedule.run(1_000, () => store.envelopes.open(peer.bob.device).length === 0)
    await stop(peer)
    await handling
    expect(peer.envelopes()).toHaveLength(before + 1)
    expect(await peer.schedule.run(1_000)).toBe(0)
  })
})

test('what is refused for good goes out once more without its content, and the other side shows what follows', async () => {
  const peer = new ScriptedPeer()
  const { alice, bob } = peer
  await peer.ready()
  const refuse = (envelope: EnvelopeId | undefined) =>
    peer.say({ type: TYPE.reject, envelope: envelope ?? randomId(EnvelopeId), code: 'malformed', streams: [] })
  const [first] = await peer.send('one')
  await refuse(peer.envelopes()[0]?.id)
  const [second] = await peer.send('two')
  const [, withheld, sealed] = peer.envelopes()
  expect(peer.envelopes()).toHaveLength(3)
  const line = new SimLine(bob, alice.device, 'line')
  bob.delivery.attach(line)
  for (const envelope of [withheld, sealed]) if (envelope !== undefined) bob.receive(line, envelope)
  await peer.rest()
  const held = bob.store.streams.byEpoch(alice.device, epochOf(peer))
  const shown = bob.store.messages.range(held?.id ?? 0, 1, held?.upTo ?? 0)
  expect(shown.map(({ bytes }) => Buffer.from(decodeMessage(bytes).body).toString())).toEqual(['two'])
  for (const answer of peer.answers()) await peer.say(answer)
  expect([first, second].map((id) => peer.stateOf(id ?? ''))).toEqual(['refused', 'delivered'])

  // Whoever refuses it in that form too is asked no more.
  await peer.send('three')
  await refuse(peer.envelopes().at(-1)?.id)
  const before = peer.envelopes().length
  await refuse(peer.envelopes().at(-1)?.id)
  await peer.rest()
  expect(peer.envelopes()).toHaveLength(before)
})

test('a terminal reject ends the message, and what follows is not held up by it', async () => {
  const peer = new ScriptedPeer()
  await peer.ready()
  const [first] = await peer.send('one')
  const [envelope] = peer.envelopes()
  await peer.say({
    type: TYPE.reject,
    envelope: envelope?.id ?? randomId(EnvelopeId),
    code: 'unsupported',
    streams: [],
  })
  expect(peer.stateOf(first ?? '')).toBe('refused')
  expect(peer.alice.delivery.outbox.quota.load(peer.bob.account)).toEqual({ messages: 0, bytes: 0 })
  expect(peer.ended).toEqual([expect.objectContaining({ seq: 1, account: peer.bob.account })])
  const [second] = await peer.send('two')
  expect(peer.stateOf(second ?? '')).toBe('sent')
  expect(peer.envelopes()).toHaveLength(3)
})

test('a reject by another device, or for an envelope that is over, changes nothing', async () => {
  const peer = new ScriptedPeer()
  await peer.ready()
  const [id] = await peer.send('one')
  await peer.say({ type: TYPE.reject, envelope: randomId(EnvelopeId), code: 'unsupported', streams: [] })
  expect(peer.stateOf(id ?? '')).toBe('sent')
  expect(peer.envelopes()).toHaveLength(1)
})

describe('a cursor', () => {
  /** Six messages of which each fills a bundle; the window holds four of them, and the first one is rejected. */
  const afterReject = async () => {
    const peer = new ScriptedPeer()
    await peer.ready()
    await peer.send(...Array.from({ length: 6 }, (_, index) => `${index}`.repeat(40_000)))
    const [first] = peer.envelopes()
    const bundle = await peer.bob.bundle()
    await peer.say({
      type: TYPE.reject,
      envelope: first?.id ?? randomId(EnvelopeId),
      code: 'undecryptable',
      streams: [],
      bundle,
    })
    expect(peer.envelopes()).toHaveLength(5)
    const [cursor] = peer.alice.store.cursors.ofDevice(peer.bob.device)
    return cursor
  }

  test('is not moved by what is sealed again', async () => {
    expect(await afterReject()).toMatchObject({ sealedTo: 4, frozenTo: 4, upTo: 6 })
  })

  test('that is, by a planted fault, stands where nothing was frozen', async () => {
    const takeOut = plant('cursor-jumps-on-reseal')
    const cursor = await afterReject().finally(takeOut)
    expect(cursor?.sealedTo).toBeGreaterThan(cursor?.frozenTo ?? 0)
  })
})

describe('a profile that was set back', () => {
  const switches = (peer: ScriptedPeer) =>
    peer.alice.store.events.after(0, 100).filter(({ kind }) => kind === 'rolled-back')
  const sayLatest = (peer: ScriptedPeer, latest: EnvelopeId) =>
    peer.say({ type: TYPE.positions, streams: [], latest, last: true })

  test('is known by an envelope that it never made; the same one proves nothing more, and no other within the hour', async () => {
    const peer = new ScriptedPeer()
    await peer.ready()
    await peer.send('hello')
    const start = peer.schedule.now
    const strange = randomId(EnvelopeId)
    const switchesAfter = async (latest: EnvelopeId, ms: number) => {
      // Whatever is tried again between two words takes its time.
      peer.schedule.now = start + ms
      await sayLatest(peer, latest)
      return switches(peer).length
    }
    expect(await switchesAfter(strange, 0)).toBe(1)
    expect(await switchesAfter(strange, 1_000)).toBe(1)
    expect(await switchesAfter(randomId(EnvelopeId), 2_000)).toBe(1)
    expect(await switchesAfter(strange, PROOF_INTERVAL_MS + 1_000)).toBe(1)
    expect(await switchesAfter(randomId(EnvelopeId), PROOF_INTERVAL_MS + 2_000)).toBe(2)
  })

  test('issues again what was not confirmed, under the same id, and takes back no tick', async () => {
    const peer = new ScriptedPeer()
    await peer.ready()
    const [one] = await peer.send('one')
    const [envelope] = peer.envelopes()
    const claim = { epoch: epochOf(peer), upTo: 1, hash: TRUE_HASH(peer, 1) }
    await peer.say({ type: TYPE.ack, envelopes: envelope === undefined ? [] : [envelope.id], streams: [claim] })
    const [two] = await peer.send('two')
    await sayLatest(peer, randomId(EnvelopeId))
    const [closed, open] = peer.alice.store.streams.all()
    expect([closed?.closed, open?.closed, open?.follows]).toEqual([1, 0, closed?.epoch])
    expect(peer.alice.store.messages.byLocalId(two ?? '')).toMatchObject({ stream: open?.id, seq: 1 })
    expect(peer.stateOf(one ?? '')).toBe('delivered')
    expect(peer.stateOf(two ?? '')).toBe('sent')
    expect(peer.alice.store.envelopes.byId(envelope?.id ?? randomId(EnvelopeId))?.state).toBe('acked')
  })
})

test('a device that was away for a month keeps nothing sealed, and gets everything when it returns', async () => {
  const peer = new ScriptedPeer()
  await peer.ready()
  const [id] = await peer.send('hello')
  peer.line.isOpen = false
  peer.alice.delivery.detach(peer.line)
  peer.schedule.now += DORMANT_AFTER_MS + 1
  const tidied = peer.alice.delivery.tidy()
  await peer.rest()
  await tidied
  const { store } = peer.alice
  expect(store.devices.get(peer.bob.device)?.state).toBe('dormant')
  expect(store.envelopes.open(peer.bob.device)).toEqual([])
  expect(peer.stateOf(id ?? '')).toBe('sent')
  const before = peer.envelopes().length
  peer.connect()
  await peer.ready()
  expect(store.devices.get(peer.bob.device)?.state).toBe('active')
  expect(peer.envelopes()).toHaveLength(before + 1)
})

describe('what was acknowledged', () => {
  /** Alice's upkeep alone, on a clock that the test sets; every call of `look` is some hours later by a clock that is right. */
  async function start() {
    const peer = new ScriptedPeer()
    await peer.ready()
    const [id = ''] = await peer.send('hello')
    const { store } = peer.alice
    const claim = { epoch: epochOf(peer), upTo: 1, hash: TRUE_HASH(peer, 1) }
    await peer.say({ type: TYPE.ack, envelopes: peer.envelopes().map((envelope) => envelope.id), streams: [claim] })
    const opened = randomId(EnvelopeId)
    // The newest few of each device are kept for ever, so these are not among them.
    const sealed = Array.from({ length: 20 }, () => randomId(EnvelopeId))
    const from = peer.schedule.now
    store.openedEnvelopes.insert(peer.bob.device, opened, from, null)
    store.idempotency.insert('key', Buffer.from('request'), LocalMessageId.parse(id), from)
    for (const one of sealed) {
      const { device } = peer.bob
      store.envelopes.insert({
        id: one,
        device,
        generation: 0,
        bytes: Buffer.of(1),
        path: 'x',
        ranges: [],
        sealedAt: from,
      })
      store.envelopes.end(store.envelopes.byId(one)?.n ?? 0, 'acked', from)
    }
    let now = from
    let again = (): void => undefined
    const clock = {
      now: () => now,
      after: (_ms: number, callback: () => void) => {
        again = callback
        return () => undefined
      },
    }
    const tidied: number[] = []
    const upkeep = new Upkeep({ store, clock, log: SILENT_LOG, tidy: async (at) => void tidied.push(at) })
    upkeep.start()
    const look = async (at: number) => {
      now = at
      again()
      await peer.rest()
    }
    await peer.rest()
    const kept = () => ({
      opened: store.openedEnvelopes.find(peer.bob.device, opened) !== undefined,
      sealed: sealed.filter((one) => store.envelopes.byId(one) !== undefined).length,
      key: store.idempotency.find('key') !== undefined,
    })
    return { peer, id, from, look, kept, tidied }
  }

  test('is kept for its time and forgotten then, but for the messages, which a device that lost them gets again', async () => {
    const { peer, id, from, look, kept } = await start()
    let at = from
    for (; at <= from + IDEMPOTENCY_KEPT_MS; at += TIDY_MS) await look(at)
    expect(kept()).toEqual({ opened: true, sealed: 20, key: true })
    for (; at <= from + ENVELOPE_ID_KEPT_MS; at += TIDY_MS) await look(at)
    expect(kept()).toEqual({ opened: true, sealed: 20, key: false })
    await look(at)
    expect(kept()).toEqual({ opened: false, sealed: 16, key: false })
    const before = peer.envelopes().length
    peer.connect()
    await peer.ready()
    expect(peer.envelopes()).toHaveLength(before + 1)
    expect(peer.stateOf(id)).toBe('delivered')
  })

  test('is not forgotten early by a clock that jumps ahead and is set right again', async () => {
    const { from, look, kept, tidied } = await start()
    const years = 3 * 365 * 24 * 60 * 60_000
    await look(from + years)
    await look(from + TIDY_MS)
    await look(from + years)
    await look(from - years)
    await look(from + 2 * TIDY_MS)
    expect(kept()).toEqual({ opened: true, sealed: 20, key: true })
    expect(Math.max(...tidied)).toBeLessThan(from + IDEMPOTENCY_KEPT_MS)
  })
})

test('a backlog that expires all at once costs what it holds, not the square of it, and its chain stays whole', async () => {
  const peer = new ScriptedPeer()
  const { alice, bob } = peer
  peer.line.isOpen = false
  const draft = {
    conversation: alice.conversationWith(bob.account),
    recipients: [bob.account],
    kind: 'text',
    critical: true,
    priority: 1,
  } as const
  const changes = alice.database.prepare<[], { n: number }>('SELECT total_changes() AS n')
  const before = changes.get()?.n ?? 0
  const texts = Array.from({ length: 300 }, (_, n) => `text ${n}`)
  const sending = texts.map((text, n) =>
    alice.delivery.send({
      ...draft,
      body: Buffer.from(text),
      // One stays.
      deadline: n === 150 ? undefined : alice.now + 60_000,
    }),
  )
  await peer.rest()
  const sent = await Promise.all(sending)
  expect(sent.map(({ localId }) => peer.stateOf(localId))).toEqual(
    texts.map((_, n) => (n === 150 ? 'queued' : 'expired')),
  )
  expect((changes.get()?.n ?? 0) - before).toBeLessThan(20 * texts.length)
  const [stream] = alice.store.streams.all()
  const hashes = texts.map((_, n) => alice.store.messages.hashAt(stream?.id ?? 0, n + 1))
  expect(alice.store.messages.range(stream?.id ?? 0, 2, 300).map(({ bytes }) => decodeMessage(bytes).prev)).toEqual(
    hashes.slice(0, -1),
  )
  expect(stream?.hash).toEqual(hashes.at(-1))
})

test('every fourth bundle goes to the conversation that has waited longest, the others to the most urgent one', async () => {
  const peer = new ScriptedPeer()
  const { alice, bob } = peer
  const [laptop, carol] = [
    new SimNode({ name: 'laptop', account: 0, device: 2 }, peer.random, peer.schedule, peer),
    new SimNode({ name: 'carol', account: 3, device: 3 }, peer.random, peer.schedule, peer),
  ]
  for (const other of [laptop, carol]) alice.meet(other)
  laptop.meet(alice)
  // Another device of hers gets what she writes to anybody; it alone is connected.
  const line = new SimLine(alice, laptop.device, 'laptop')
  alice.delivery.attach(line)
  const hear = async (frame: DeliveryFrame) => {
    alice.receive(line, frame)
    await peer.rest()
  }
  await hear({ type: TYPE.positions, streams: [], last: true })
  const write = (to: SimNode, priority: number) =>
    alice.delivery.send({
      conversation: alice.conversationWith(to.account),
      recipients: [to.account],
      kind: 'text',
      critical: true,
      // As much as one bundle holds.
      body: Buffer.alloc(64 * 1024),
      priority,
    })
  const { store } = alice
  const conversationOf = (stream: number) =>
    store.streams.conversationOf(stream) === alice.conversationWith(carol.account) ? 'urgent' : 'bulk'
  const answer = async () => {
    const [envelope] = store.envelopes.open(laptop.device)
    if (envelope === undefined) return
    const streams = store.envelopes.ranges(envelope.n).map(({ stream, to }) => ({
      epoch: Epoch.parse(store.streams.byId(stream)?.epoch),
      upTo: to,
      hash: store.messages.hashAt(stream, to) ?? new Uint8Array(32),
    }))
    await hear({ type: TYPE.ack, envelopes: [envelope.id], streams })
  }
  const written: Promise<unknown>[] = []
  for (let n = 0; n < 8; n += 1) {
    written.push(write(bob, 2))
    await peer.rest()
    // She asks for it as soon as there is something to seal.
    if (n === 0) await hear({ type: TYPE.prekeys, bundle: await laptop.bundle() })
  }
  for (let n = 0; n < 6; n += 1) written.push(write(carol, 0))
  await peer.rest()
  await Promise.all(written)
  // The window is full of what came first.
  expect(store.envelopes.open(laptop.device)).toHaveLength(4)
  const before = peer.envelopes().length
  for (let n = 0; n < 14; n += 1) await answer()
  const order = peer
    .envelopes()
    .slice(before)
    .map(({ id }) => store.envelopes.byId(id))
    .flatMap((envelope) => (envelope === undefined ? [] : store.envelopes.ranges(envelope.n)))
    .map(({ stream }) => conversationOf(stream))
  expect(order).toEqual('uuubuuubbb'.split('').map((letter) => (letter === 'u' ? 'urgent' : 'bulk')))
})

test('what the other user has to decide about waits five minutes, and is sealed again', async () => {
  const peer = new ScriptedPeer()
  await peer.ready()
  const [id] = await peer.send('hello')
  const [envelope] = peer.envelopes()
  const before = peer.schedule.now
  await peer.say({ type: TYPE.reject, envelope: envelope?.id ?? randomId(EnvelopeId), code: 'key-change', streams: [] })
  expect(peer.schedule.now - before).toBeGreaterThanOrEqual(RESEAL_MAX_MS)
  expect(peer.envelopes()).toHaveLength(2)
  expect(peer.stateOf(id ?? '')).toBe('sent')
})

describe('a stream from a device', () => {
  const start = async () => {
    const peer = new ScriptedPeer()
    await peer.ready()
    const { bob, alice } = peer
    const conversation = bob.conversationWith(alice.account)
    const epoch = randomId(Epoch)
    const sealing = bob.sealing
    const content = (text: string, lamport: number) =>
      ({ kind: 'text', critical: true, parents: [], lamport, sentAt: 1, priority: 1, body: Buffer.from(text) }) as const
    const make = (seq: number, text: string, prev: Uint8Array) => {
      const bytes = chainMessage(draftMessage({ conversation, epoch, seq }, content(text, seq)), prev)
      return { bytes, hash: messageHash(bytes) }
    }
    const root = streamRoot(bob.device, conversation, epoch)
    let bundle: Awaited<ReturnType<typeof bob.bundle>> | undefined = await alice.bundle()
    const deliver = async (messages: readonly Uint8Array[], streams = [{ epoch, conversation, base: 1 }]) => {
      const { bytes, change } = await sealing.seal(
        alice.device,
        encodeBundle({ streams, messages, control: [] }),
        bundle,
      )
      bundle = undefined
      change.apply()
      const id = randomId(EnvelopeId)
      await peer.say({ type: TYPE.envelope, id, sealing: 'signal', bytes })
      return { id, bytes }
    }
    const shown = () => {
      const stream = alice.store.streams.byEpoch(bob.device, epoch)
      return stream === undefined ? [] : alice.store.messages.range(stream.id, 1, stream.upTo).map(({ seq }) => seq)
    }
    return { peer, make, root, deliver, shown, epoch, conversation }
  }

  test('is shown in order, however it arrives', async () => {
    const { peer, make, root, deliver, shown } = await start()
    const one = make(1, 'one', root)
    const two = make(2, 'two', one.hash)
    const three = make(3, 'three', two.hash)
    await deliver([three.bytes])
    expect(shown()).toEqual([])
    const ranges = peer.answers().at(-1)?.streams[0]
    expect(ranges).toMatchObject({ upTo: 0, ranges: [{ from: 3, to: 3 }] })
    await deliver([one.bytes])
    expect(shown()).toEqual([1])
    await deliver([two.bytes])
    expect(shown()).toEqual([1, 2, 3])
    expect(peer.answers().at(-1)?.streams[0]).toMatchObject({ upTo: 3, hash: Buffer.from(three.hash) })
  })

  test('that says two things at one position leaves evidence and keeps the first', async () => {
    const { peer, make, root, deliver, shown } = await start()
    const one = make(1, 'one', root)
    await deliver([one.bytes])
    await deliver([make(1, 'another one', root).bytes])
    expect(shown()).toEqual([1])
    expect(peer.alice.store.forks.count(peer.bob.device)).toBe(1)
    expect(peer.answers().at(-1)?.streams[0]).toMatchObject({ upTo: 1, hash: Buffer.from(one.hash) })
  })

  test('whose chain does not hold is evidence, and the true next position is still taken', async () => {
    const { peer, make, root, deliver, shown } = await start()
    const one = make(1, 'one', root)
    await deliver([one.bytes, make(2, 'false', new Uint8Array(32)).bytes])
    expect(shown()).toEqual([1])
    await deliver([make(2, 'true', one.hash).bytes])
    expect(shown()).toEqual([1, 2])
    expect(peer.alice.store.forks.count(peer.bob.device)).toBe(1)
  })

  test('gets the same answer for the same envelope, which is opened once', async () => {
    const { peer, make, root, deliver, shown } = await start()
    const { id, bytes } = await deliver([make(1, 'one', root).bytes])
    await peer.say({ type: TYPE.envelope, id, sealing: 'signal', bytes })
    expect(shown()).toEqual([1])
    expect(peer.answers().map(({ type }) => type)).toEqual([TYPE.ack, TYPE.ack])
  })

  test('in a conversation that is not ours is refused for good, and so is a bundle that contradicts itself', async () => {
    const { peer, make, root, deliver, epoch } = await start()
    const foreign = peer.bob.conversationWith(peer.bob.account)
    await deliver([], [{ epoch, conversation: foreign, base: 1 }])
    expect(peer.answers().at(-1)).toMatchObject({ type: TYPE.reject, code: 'wrong-conversation' })
    await deliver([make(1, 'one', root).bytes], [])
    expect(peer.answers().at(-1)).toMatchObject({ type: TYPE.reject, code: 'malformed' })
    expect(peer.aborts).toEqual([])
  })

  test('whose clock runs far ahead is stored and does not move mine', async () => {
    const { peer, deliver, root, epoch, conversation, shown } = await start()
    const content = {
      kind: 'text',
      critical: true,
      parents: [],
      lamport: 2 ** 40,
      sentAt: 1,
      priority: 1,
      body: Buffer.from('far'),
    } as const
    await deliver([chainMessage(draftMessage({ conversation, epoch, seq: 1 }, content), root)])
    expect(shown()).toEqual([1])
    const [id] = await peer.send('mine')
    expect(peer.alice.store.messages.byLocalId(id ?? '')?.lamport).toBeLessThan(2 ** 20)
  })
})
