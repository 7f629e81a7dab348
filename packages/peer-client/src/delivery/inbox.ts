// T3: an envelope is opened, its messages take their places, all of it is committed, and only then it is answered.

import { directConversationId } from '@parley/shared/hashes.ts'
import type { AccountId, ConversationId, DeviceKey, EnvelopeId, Epoch } from '@parley/shared/ids.ts'
import { MAX_STREAMS_PER_ACCOUNT } from '@parley/shared/limits.ts'
import { isPlanted } from '@parley/shared/planted-faults.ts'
import { type Bundle, decodeBundle } from '@parley/shared/wire/bundle.ts'
import { type Claim, type FrameOf, type RejectCode, TYPE } from '@parley/shared/wire/frames.ts'
import type { DeviceRow } from '#store/devices-table.ts'
import { newTag } from '#store/local-ids.ts'
import type { Store } from '#store/store.ts'
import type { StreamRow } from '#store/streams-table.ts'
import { DeliveryError } from './delivery-error.ts'
import type { LamportClock } from './lamport.ts'
import { type Incoming, type PlacedMessage, placeMessages, readIncoming, withheldIncoming } from './placing.ts'
import { claimsAhead } from './planted.ts'
import type { Change, Clock, DeliveryEvents, DeliveryLog, Line, Locks, Me, Sealing } from './ports.ts'
import { claimsOf, positionsPages } from './positions.ts'

export interface InboxDeps {
  readonly store: Store
  readonly me: Me
  readonly sealing: Sealing
  readonly locks: Locks
  readonly clock: Clock
  readonly lamport: LamportClock
  readonly random: (size: number) => Uint8Array
  readonly events: DeliveryEvents
  readonly log: DeliveryLog
  /** A ratchet was begun towards me: something should be sealed soon. */
  readonly onBegun: (device: DeviceKey) => void
  /** Inside the transaction in which they became visible: messages of an account that are no texts. */
  readonly onSpecial?: ((author: AccountId, messages: readonly PlacedMessage[]) => void) | undefined
}

export class Inbox {
  readonly #deps: InboxDeps
  readonly #direct = new Map<AccountId, ConversationId>()
  /** Planted: what each session opened. */
  readonly #ofSession = new WeakMap<Line, Set<EnvelopeId>>()

  constructor(deps: InboxDeps) {
    this.#deps = deps
  }

  /** Resolves when the envelope was answered. Rejects when the session must end. */
  receive(line: Line, frame: FrameOf<2>): Promise<void> {
    return this.#deps.locks.run(line.device, async () => {
      const { store, sealing } = this.#deps
      const device = store.devices.get(line.device)
      if (device === undefined || device.state === 'revoked')
        throw new DeliveryError('unauthorised-device', 'an envelope from a device that is not known')
      // Its sessions are ending; whatever comes before they have is not taken.
      if (store.contacts.get(device.account)?.state === 'blocked')
        throw new DeliveryError('unauthorised-device', 'an envelope from an account that is blocked')
      const known = store.openedEnvelopes.find(line.device, frame.id)
      const isForgotten = this.#isForgotten(line, frame.id)
      if (known !== undefined && !isForgotten)
        return this.#answer(line, frame.id, known.refusal, firstClaims(store, line.device))
      if (frame.sealing !== 'signal') return this.#answer(line, frame.id, 'unsupported', [])
      const opened = await sealing.open(line.device, frame.bytes)
      if ('failure' in opened) return this.#rejectUnopened(line, device, frame.id, opened)
      await this.#take(line, device, frame.id, opened)
      if (opened.begun) this.#deps.onBegun(line.device)
    })
  }

  async #take(
    line: Line,
    device: DeviceRow,
    id: EnvelopeId,
    opened: { plaintext: Uint8Array; change: Change },
  ): Promise<void> {
    const { store } = this.#deps
    const content = this.#read(device, opened.plaintext)
    if ('refusal' in content) {
      this.#deps.log.warn(
        { device: device.device, code: content.refusal, reason: content.detail },
        'an envelope was refused',
      )
      await store.commits.run(() => {
        opened.change.apply()
        store.openedEnvelopes.insert(device.device, id, this.#deps.clock.now(), content.refusal)
      })
      return this.#answer(line, id, content.refusal, firstClaims(store, device.device))
    }
    const isAhead = isPlanted('acknowledge-before-commit')
    if (isAhead) this.#answer(line, id, null, claimsAhead(content.streams))
    const taken = await store.commits.run(() => this.#commit(device, id, content, opened.change))
    if (taken === 'foreign-epoch')
      throw new DeliveryError('protocol-violation', 'an epoch was used for two conversations')
    if (!isAhead) this.#answer(line, id, null, taken.claims)
    if (taken.isNewEpoch) this.#deps.events.noted({ kind: 'new-epoch', account: device.account })
    for (const range of taken.shown) this.#deps.events.received({ ...range, account: device.account })
  }

  /** Inside the transaction. */
  #commit(device: DeviceRow, id: EnvelopeId, content: Content, change: Change): Taken | 'foreign-epoch' {
    const { store, clock, lamport } = this.#deps
    const at = clock.now()
    const shownRanges: Taken['shown'] = []
    let isNewEpoch = false
    const touched: StreamRow[] = []
    const streams: { stream: StreamRow; incoming: readonly Incoming[] }[] = []
    for (const { epoch, conversation, base, follows, incoming } of content.streams) {
      const known = store.streams.byEpoch(device.device, epoch)
      if (known !== undefined && known.conversation !== conversation) return 'foreign-epoch'
      if (known === undefined && this.#countStreams(device) >= MAX_STREAMS_PER_ACCOUNT) return 'foreign-epoch'
      const tag = newTag(this.#deps.random)
      const stream =
        known ??
        store.streams.insert({ tag, device: device.device, conversation, epoch, base, follows: follows?.epoch })
      if (known === undefined && follows !== undefined) {
        store.events.insert({ kind: 'new-epoch', at, stream: stream.id, account: device.account })
        isNewEpoch = true
      }
      streams.push({ stream, incoming })
    }
    change.apply()
    for (const { stream, incoming } of streams) {
      const { shown, filled, forks, special } = placeMessages(store, device.device, stream, incoming, at)
      if (special.length > 0) this.#deps.onSpecial?.(device.account, special)
      if (shown !== undefined) {
        store.events.insert({ kind: 'received', at, stream: stream.id, ...shown, account: device.account })
        shownRanges.push({ stream: stream.id, ...shown })
      }
      for (const seq of filled) {
        const range = { stream: stream.id, from: seq, to: seq }
        store.events.insert({ kind: 'received', at, ...range, account: device.account })
        shownRanges.push(range)
      }
      if (forks > 0) store.events.insert({ kind: 'fork', at, stream: stream.id, account: device.account })
      touched.push(store.streams.byId(stream.id) ?? stream)
      lamport.witness(incoming.reduce((max, one) => ('message' in one ? Math.max(max, one.message.lamport) : max), 0))
    }
    // Whoever writes to me is accepted, until message requests exist.
    if (shownRanges.length > 0 && store.contacts.get(device.account)?.state === 'stranger')
      store.contacts.setState(device.account, 'accepted')
    store.openedEnvelopes.insert(device.device, id, at, null)
    store.devices.setLatestOpened(device.device, id)
    return { claims: claimsOf(store, touched), shown: shownRanges, isNewEpoch }
  }

  /** What others write is read together, on whichever of their devices; my own devices write to all of them. */
  #countStreams({ device, account }: DeviceRow): number {
    const { store, me } = this.#deps
    return account === me.account ? store.streams.countOfDevice(device) : store.streams.countOfAccount(account)
  }

  #read(device: DeviceRow, plaintext: Uint8Array): Content | Refusal {
    let bundle: Bundle
    const streams = new Map<Epoch, Bundle['streams'][number] & { incoming: Incoming[] }>()
    try {
      bundle = decodeBundle(plaintext)
      for (const stream of bundle.streams) streams.set(stream.epoch, { ...stream, incoming: [] })
      for (const bytes of bundle.messages) {
        const incoming = readIncoming(bytes)
        const stream = streams.get(incoming.message.epoch)
        if (stream === undefined || stream.conversation !== incoming.message.conversation) {
          return { refusal: 'malformed', detail: 'a message of a stream that its bundle does not announce' }
        }
        stream.incoming.push(incoming)
      }
      for (const withheld of bundle.withheld) {
        const stream = streams.get(withheld.epoch)
        if (stream === undefined)
          return { refusal: 'malformed', detail: 'a withheld position of a stream that its bundle does not announce' }
        stream.incoming.push(withheldIncoming(withheld))
      }
      if (bundle.withheld.length > 0)
        for (const { incoming } of streams.values()) incoming.sort((a, b) => a.seq - b.seq)
    } catch (error) {
      return { refusal: 'malformed', detail: error instanceof Error ? error.message : String(error) }
    }
    for (const { conversation } of streams.values()) {
      if (!this.#isOurs(device.account, conversation))
        return { refusal: 'wrong-conversation', detail: 'a conversation that is not between us' }
    }
    return { streams: [...streams.values()] }
  }

  /** A contact writes in the conversation that he has with me; my own other devices write in any of mine. */
  #isOurs(account: AccountId, conversation: ConversationId): boolean {
    const { me, store } = this.#deps
    if (account !== me.account) return conversation === this.#directWith(account)
    return store.contacts.all().some((contact) => conversation === this.#directWith(contact.account))
  }

  #directWith(account: AccountId): ConversationId {
    let conversation = this.#direct.get(account)
    if (conversation === undefined) {
      conversation = directConversationId(account, this.#deps.me.account)
      this.#direct.set(account, conversation)
    }
    return conversation
  }

  async #rejectUnopened(
    line: Line,
    device: DeviceRow,
    id: EnvelopeId,
    { failure, detail }: { failure: RejectCode; detail: string },
  ): Promise<void> {
    const { store, sealing, log, clock } = this.#deps
    log.warn({ device: device.device, code: failure, reason: detail }, 'an envelope could not be opened')
    if (failure === 'duplicate' && isPlanted('duplicate-unanswered')) return
    if (failure === 'malformed') {
      await store.commits.run(() => store.openedEnvelopes.insert(device.device, id, clock.now(), failure))
      return this.#answer(line, id, failure, firstClaims(store, device.device))
    }
    const bundle = failure === 'duplicate' ? undefined : await sealing.ownBundle()
    line.send({ type: TYPE.reject, envelope: id, code: failure, streams: firstClaims(store, device.device), bundle })
  }

  /** Planted: the envelope is known only to sessions of the past. */
  #isForgotten(line: Line, id: EnvelopeId): boolean {
    if (!isPlanted('deduplicate-per-session')) return false
    const seen = this.#ofSession.get(line) ?? new Set()
    const isNew = !seen.has(id)
    this.#ofSession.set(line, seen.add(id))
    return isNew
  }

  #answer(line: Line, id: EnvelopeId, refusal: RejectCode | null, streams: Claim[]): void {
    if (refusal === null) line.send({ type: TYPE.ack, envelopes: [id], streams })
    else line.send({ type: TYPE.reject, envelope: id, code: refusal, streams })
  }
}

/** As many claims as one frame holds; the rest is for the next positions. */
function firstClaims(store: Store, device: DeviceKey): Claim[] {
  for (const page of positionsPages(store, device)) return page.streams
  return []
}

interface Content {
  readonly streams: readonly (Bundle['streams'][number] & { readonly incoming: readonly Incoming[] })[]
}

interface Refusal {
  readonly refusal: RejectCode
  readonly detail: string
}

interface Taken {
  readonly claims: Claim[]
  readonly isNewEpoch: boolean
  readonly shown: { stream: number; from: number; to: number }[]
}
