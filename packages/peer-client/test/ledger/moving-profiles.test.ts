import { messageHash } from '@parley/shared/hashes.ts'
import { chainMessage, decodeMessage, draftMessage } from '@parley/shared/wire/message.ts'
import { expect, test } from 'vitest'
import { checkBetween } from '#ledger/between-devices.ts'
import { LedgerDatabase } from '#ledger/ledger-database.ts'
import { Findings } from '#ledger/ledger-report.ts'
import { openDatabase } from '#store/database.ts'
import { GroupCommit } from '#store/group-commit.ts'
import { Store } from '#store/store.ts'
import { tempDirectory } from '../support/temp-directory.ts'
import { copyPair, type Files, makeHonestPair } from './honest-pair.ts'

/** A device whose peer goes on while its database is read: each commit of it is one call. */
class Writer {
  readonly ledger: LedgerDatabase
  readonly store: Store

  constructor(file: string) {
    this.ledger = LedgerDatabase.open({ path: file, key: undefined })
    const database = openDatabase(file)
    this.store = new Store(database, new GroupCommit(database, () => undefined))
  }

  /** Writes and freezes one more message. */
  author(): void {
    this.#append(this, this)
  }

  /** Takes in the next message of the other one. */
  receive(from: Writer): void {
    this.#append(from, this)
  }

  /** Believes what the other one holds. */
  tick(by: Writer): void {
    const { streams, deliveries, cursors } = this.store
    for (const stream of streams.ofDevice(this.ledger.device, 0, 10)) {
      const { device, account } = by.ledger
      const held = by.store.streams.byEpoch(stream.device, stream.epoch)?.upTo ?? 0
      deliveries.setDelivered(stream.id, account, { from: 1, to: held }, device, 0)
      cursors.setConfirmed(stream.id, device, held)
    }
  }

  #append(author: Writer, holder: Writer): void {
    for (const { device, epoch, conversation } of author.store.streams.ofDevice(author.ledger.device, 0, 10)) {
      const stream = holder.store.streams.byEpoch(device, epoch)
      if (stream === undefined) throw new Error('they have met')
      const seq = stream.upTo + 1
      const [before] = holder.store.messages.range(stream.id, stream.upTo, stream.upTo)
      const [source] = author.store.messages.range(author.store.streams.byEpoch(device, epoch)?.id ?? 0, seq, seq)
      if (before === undefined) throw new Error('there is a message')
      const last = decodeMessage(before.bytes)
      const draft = draftMessage({ conversation, epoch, seq }, { ...last, lamport: last.lamport + 1 })
      const bytes = source?.bytes ?? chainMessage(draft, messageHash(before.bytes))
      const hash = messageHash(bytes)
      const { lamport } = decodeMessage(bytes)
      holder.store.messages.insert({ ...before, seq, lamport, bytes })
      holder.store.streams.setReceived(stream.id, seq, hash)
      if (holder !== author) continue
      for (const { account } of holder.store.contacts.all()) {
        holder.store.deliveries.append(stream.id, account, { from: seq, to: seq }, null, 0)
        holder.store.deliveries.setSent(stream.id, account, { from: seq, to: seq }, 0)
      }
    }
  }

  close(): void {
    this.ledger.close()
    this.store.close()
  }
}

/** Every commit that two devices make while they talk, for ever. */
function* conversation(alice: Writer, bob: Writer): Generator<void> {
  while (true) {
    yield alice.author()
    yield bob.receive(alice)
    yield bob.author()
    yield alice.tick(bob)
    yield alice.receive(bob)
    yield bob.tick(alice)
  }
}

test('nobody is accused of what happened between two looks, wherever the talk stands at the first', async () => {
  await using origin = await tempDirectory()
  const honest = await makeHonestPair(origin.path)
  settle(honest)
  for (let start = 0; start < 6; start += 1) {
    for (const commits of [1, 2, 4]) {
      await using directory = await tempDirectory()
      const files = await copyPair(honest, directory.path)
      const [alice, bob] = [new Writer(files.alice), new Writer(files.bob)]
      const talk = conversation(alice, bob)
      for (let n = 0; n < start; n += 1) talk.next()
      for (const { ledger } of [alice, bob]) {
        const look = ledger.takeSnapshot.bind(ledger)
        ledger.takeSnapshot = () => {
          look()
          for (let n = 0; n < commits; n += 1) talk.next()
        }
      }
      const findings = new Findings()
      checkBetween([alice.ledger, bob.ledger], findings)
      expect(findings.report().violations).toEqual([])
      expect(findings.checked.delivered).toBeGreaterThan(10)
      alice.close()
      bob.close()
    }
  }
})

/** Takes what still waits out of the outbox. */
function settle({ alice }: Files): void {
  const database = openDatabase(alice)
  database.exec(`DELETE FROM messages WHERE position & 4294967295 > (SELECT frozen_to FROM streams WHERE id = position >> 32);
    DELETE FROM deliveries WHERE state = 'queued'; UPDATE streams SET up_to = frozen_to`)
  const { streams, messages } = new Store(database, new GroupCommit(database, () => undefined))
  for (const { id, upTo } of streams.all()) streams.setHash(id, messages.hashAt(id, upTo) ?? new Uint8Array())
  database.close()
}
