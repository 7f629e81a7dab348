// A restored profile is a new device. What its predecessor wrote stays as the predecessor's; what of it nobody confirmed, the new
// device writes again in streams of its own, with the place where it stood first, so that who got it meanwhile shows it once.
import { bodyHash, messageHash, messageIdBytes } from '@parley/shared/hashes.ts'
import type { AccountId, ConversationId, DeviceKey } from '@parley/shared/ids.ts'
import {
  decodeStoredMessage,
  type Message,
  type MessageContent,
  messageEncoder,
  VOID_KIND,
} from '@parley/shared/wire/message.ts'
import { encodeDelete, encodeEdit, type MessageReference, readRevision } from '@parley/shared/wire/message-body.ts'
import type { Statement } from 'better-sqlite3'
import { LamportClock } from '#delivery/lamport.ts'
import { lastHash, OwnStreams } from '#delivery/own-streams.ts'
import type { Me } from '#delivery/ports.ts'
import { localIdOf } from '#store/local-ids.ts'
import type { MessageRow } from '#store/messages-table.ts'
import type { Store } from '#store/store.ts'
import type { StreamRow } from '#store/streams-table.ts'

interface Predecessor {
  readonly device: DeviceKey
  readonly certificate: string
  readonly signalIdentity: string
}

interface Unconfirmed {
  readonly stream: StreamRow
  readonly row: MessageRow
  readonly recipients: readonly AccountId[]
}

/** Inside a transaction. The number of messages that are to be sent again. */
export function goOnAsNewDevice(
  store: Store,
  me: Me,
  predecessor: Predecessor,
  random: (size: number) => Uint8Array,
  at: number,
): number {
  const { device, certificate, signalIdentity } = predecessor
  store.devices.upsert({ device, account: me.account, certificate, signalIdentity }, at)
  store.devices.setState(device, 'revoked')
  store.meta.set('device', me.device)
  // They count from nothing: there is no ratchet to anybody yet, and nothing of theirs was opened.
  store.database.exec('UPDATE devices SET generation = 0, must_renew = 0, latest_opened = NULL')
  const byConversation = new Map<ConversationId, Unconfirmed[]>()
  for (const stream of store.streams.all()) {
    if (stream.device !== device) continue
    const unconfirmed = takeUnconfirmed(store, stream)
    const others = byConversation.get(stream.conversation) ?? []
    byConversation.set(stream.conversation, [...others, ...unconfirmed])
  }
  let count = 0
  for (const [conversation, unconfirmed] of byConversation) {
    // Clock values rise along a stream, and several may have ended here.
    const inOrder = unconfirmed.toSorted((a, b) => a.row.lamport - b.row.lamport)
    issueAgain(store, me, conversation, inOrder, random)
    count += inOrder.length
  }
  return count
}

/** Takes the end of the stream off, as far as nobody confirmed it, and what was under way in it. */
function takeUnconfirmed(store: Store, stream: StreamRow): Unconfirmed[] {
  const { id, base } = stream
  const accounts = store.deliveries.accountsOf(id)
  const isOpen = (seq: number) => (account: AccountId) => {
    const state = store.deliveries.find(id, seq, account)?.state
    return state === 'queued' || state === 'sent'
  }
  let last = stream.upTo
  const taken: Unconfirmed[] = []
  for (; last >= base; last -= 1) {
    const recipients = accounts.filter(isOpen(last))
    const [row] = store.messages.range(id, last, last)
    const isVoid = row !== undefined && decodeStoredMessage(row.bytes).kind === VOID_KIND
    // What some have is part of the stream for good.
    if (row === undefined || (!isVoid && recipients.length < accounts.length)) break
    if (!isVoid) taken.push({ stream, row, recipients })
  }
  truncate(store, stream, last)
  return taken.reverse()
}

/** As a stream of somebody else: nothing in it is mine to freeze. */
function truncate(store: Store, { id, base, upTo }: StreamRow, last: number): void {
  const { database } = store
  for (let seq = last + 1; seq <= upTo; seq += 1) store.messages.remove(id, seq)
  database.prepare('DELETE FROM deliveries WHERE stream = ? AND from_seq > ?').run(id, last)
  database.prepare('UPDATE deliveries SET to_seq = ? WHERE stream = ? AND to_seq > ?').run(last, id, last)
  const hash = last < base ? null : (store.messages.hashAt(id, last) ?? null)
  database.prepare('UPDATE streams SET up_to = ?, frozen_to = ?, hash = ? WHERE id = ?').run(last, last, hash, id)
}

function issueAgain(
  store: Store,
  me: Me,
  conversation: ConversationId,
  unconfirmed: readonly Unconfirmed[],
  random: (size: number) => Uint8Array,
): void {
  if (unconfirmed.length === 0) return
  const ownStreams = new OwnStreams({ store, me, random, lamport: new LamportClock(store.meta) })
  const recipients = new Set(unconfirmed.flatMap((one) => one.recipients))
  const next = ownStreams.openStream(conversation, [...recipients])
  const encode = messageEncoder(conversation, next.epoch)
  const moves = new Moves(store, next)
  let { upTo: seq } = next
  let hash = lastHash(me, next)
  for (const { stream, row, recipients: owed } of unconfirmed) {
    seq += 1
    const content = moves.follow(stream, row, decodeStoredMessage(row.bytes))
    if (content.deadline !== undefined) store.deadlines.insert({ at: content.deadline, stream: next.id, seq })
    const bytes = encode(seq, hash, content)
    hash = messageHash(bytes)
    store.messages.insert({ ...row, stream: next.id, seq, bytes })
    for (const account of owed) {
      store.deliveries.append(next.id, account, { from: seq, to: seq }, ownStreams.holdFor(account), row.storedAt)
    }
    moves.move(stream, row.seq, seq)
    // Whoever got it from the predecessor goes on naming it by the place where it stood there.
    if (content.origin !== undefined)
      store.origins.insert(content.origin, content.origin.bodyHash, { stream: next.id, seq })
  }
  store.streams.setAccepted(next.id, seq, hash)
}

/** Where messages stand from now on, for what refers to them. */
class Moves {
  readonly #next: StreamRow
  readonly #to = new Map<string, MessageReference>()
  readonly #renameRequest: Statement<[string, string]>
  readonly #moveTarget: Statement<[string, string, number, string, string, number]>
  readonly #moveRevision: Statement<[number, number, Uint8Array, number, number]>

  constructor({ database }: Store, next: StreamRow) {
    this.#next = next
    this.#renameRequest = database.prepare('UPDATE idempotency SET local_id = ? WHERE local_id = ?')
    this.#moveTarget = database.prepare(
      'UPDATE revisions SET device = ?, epoch = ?, seq = ? WHERE device = ? AND epoch = ? AND seq = ?',
    )
    this.#moveRevision = database.prepare(
      'UPDATE revisions SET by_stream = ?, by_seq = ?, message_id = ? WHERE by_stream = ? AND by_seq = ?',
    )
  }

  /** The content as it is written again: an edit of what moved names its new place, and is not what it was any more. */
  follow(stream: StreamRow, { seq }: MessageRow, message: Message): MessageContent {
    const revision = readRevision(message.kind, message.body)
    const to = revision && this.#to.get(keyOf(revision.of))
    if (revision !== undefined && to !== undefined) {
      const { text } = revision
      return { ...message, origin: undefined, body: text === undefined ? encodeDelete(to) : encodeEdit(to, text) }
    }
    const origin = { epoch: stream.epoch, seq, bodyHash: bodyHash(message.kind, message.body) }
    return { ...message, origin: message.origin ?? origin }
  }

  move(stream: StreamRow, from: number, to: number): void {
    const { id, tag, device, epoch } = this.#next
    this.#to.set(keyOf({ device: stream.device, epoch: stream.epoch, seq: from }), { device, epoch, seq: to })
    this.#renameRequest.run(localIdOf(tag, to), localIdOf(stream.tag, from))
    this.#moveTarget.run(device, epoch, to, stream.device, stream.epoch, from)
    this.#moveRevision.run(id, to, messageIdBytes(device, epoch, to), stream.id, from)
  }
}

function keyOf({ device, epoch, seq }: MessageReference): string {
  return `${device} ${epoch} ${seq}`
}
