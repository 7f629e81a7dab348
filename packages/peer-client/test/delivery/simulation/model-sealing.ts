// Stands for the encryption layer with the failures of a Double Ratchet and none of its cost: a session is an id, a message key
// a counter that can be used once. State lives in the same tables and changes in the same transaction as the real one.
import type { DeviceKey } from '@parley/shared/ids.ts'
import type { PrekeyBundle } from '@parley/shared/signed/prekeys.ts'
import { decodeCbor, encodeCbor } from '@parley/shared/wire/cbor.ts'
import type { Statement } from 'better-sqlite3'
import { z } from 'zod'
import type { Change, Opened, Sealing } from '#delivery/ports.ts'
import type { Database } from '#store/database.ts'
import type { SeededRandom } from './random.ts'

const Ratchet = z.object({
  sending: z.string(),
  sessions: z.record(z.string(), z.object({ next: z.int(), used: z.array(z.int()), prekey: z.int().optional() })),
})
type Ratchet = z.infer<typeof Ratchet>

const Sealed = z.object({
  session: z.string(),
  counter: z.int(),
  prekey: z.int().optional(),
  plaintext: z.custom<Uint8Array>((value) => value instanceof Uint8Array),
})

/** Names the message key that sealed these bytes. */
export function messageKeyOf(bytes: Uint8Array): string {
  const { session, counter } = Sealed.parse(decodeCbor(bytes))
  return `${session} ${counter}`
}

export class ModelSealing implements Sealing {
  readonly #random: SeededRandom
  readonly #findRatchet: Statement<[DeviceKey], { record: Buffer }>
  readonly #saveRatchet: Statement<[DeviceKey, Buffer]>
  readonly #findPrekey: Statement<[number], { id: number }>
  readonly #deletePrekey: Statement<[number]>
  readonly #insertPrekey: Statement<[]>

  constructor(database: Database, random: SeededRandom) {
    this.#random = random
    this.#findRatchet = database.prepare('SELECT record FROM ratchets WHERE device = ?')
    this.#saveRatchet = database.prepare(
      'INSERT INTO ratchets (device, record) VALUES (?, ?) ON CONFLICT (device) DO UPDATE SET record = excluded.record',
    )
    this.#findPrekey = database.prepare('SELECT id FROM curve_prekeys WHERE id = ?')
    this.#deletePrekey = database.prepare('DELETE FROM curve_prekeys WHERE id = ?')
    this.#insertPrekey = database.prepare("INSERT INTO curve_prekeys (record, made_at) VALUES (x'', 0)")
  }

  has(device: DeviceKey): boolean {
    return this.#load(device) !== undefined
  }

  async seal(
    device: DeviceKey,
    plaintext: Uint8Array,
    bundle?: PrekeyBundle,
  ): Promise<{ bytes: Uint8Array; change: Change }> {
    await Promise.resolve()
    const ratchet = this.#load(device) ?? { sending: '', sessions: {} }
    if (bundle !== undefined) {
      ratchet.sending = Buffer.from(this.#random.bytes(8)).toString('hex')
      ratchet.sessions[ratchet.sending] = { next: 0, used: [], prekey: bundle.curve?.id }
    }
    const session = ratchet.sessions[ratchet.sending]
    if (session === undefined) throw Object.assign(new Error('there is no ratchet'), { code: 'no-ratchet' })
    const bytes = encodeCbor({ session: ratchet.sending, counter: session.next, prekey: session.prekey, plaintext })
    session.next += 1
    return { bytes, change: { apply: () => this.#save(device, ratchet) } }
  }

  async open(device: DeviceKey, bytes: Uint8Array): Promise<Opened> {
    await Promise.resolve()
    const sealed = Sealed.parse(decodeCbor(bytes))
    const ratchet = this.#load(device) ?? { sending: '', sessions: {} }
    let session = ratchet.sessions[sealed.session]
    let used: number | undefined
    if (session === undefined) {
      if (sealed.prekey === undefined) return { failure: 'undecryptable', detail: 'no such session' }
      const prekey = this.#findPrekey.get(sealed.prekey)
      if (prekey === undefined) return { failure: 'unknown-prekey', detail: 'no such prekey' }
      used = sealed.prekey
      session = { next: 0, used: [] }
      ratchet.sessions[sealed.session] = session
    }
    // Both sides count in the same session: theirs are told apart by the sign.
    const counter = -1 - sealed.counter
    if (session.used.includes(counter)) return { failure: 'duplicate', detail: 'the key was used' }
    session.used.push(counter)
    session.prekey = undefined
    ratchet.sending = sealed.session
    const change = {
      apply: () => {
        if (used !== undefined) this.#deletePrekey.run(used)
        this.#save(device, ratchet)
      },
    }
    return { plaintext: sealed.plaintext, begun: sealed.prekey !== undefined, change }
  }

  async ownBundle(): Promise<PrekeyBundle> {
    await Promise.resolve()
    const { lastInsertRowid } = this.#insertPrekey.run()
    const id = Number(lastInsertRowid)
    const signature = 'A'.repeat(86)
    return {
      v: 1,
      registrationId: 1,
      signed: { id: 1, publicKey: `B${'A'.repeat(43)}`, signature },
      curve: { id, publicKey: `B${'A'.repeat(43)}` },
      kyber: { id: 1, publicKey: `C${'A'.repeat(2091)}`, signature },
    }
  }

  #load(device: DeviceKey): Ratchet | undefined {
    const row = this.#findRatchet.get(device)
    return row === undefined ? undefined : Ratchet.parse(JSON.parse(row.record.toString()))
  }

  #save(device: DeviceKey, ratchet: Ratchet): void {
    this.#saveRatchet.run(device, Buffer.from(JSON.stringify(ratchet)))
  }
}
