// What happened to a conversation beside what was said in it: kept with the events, and placed among the messages by the Lamport
// value that this device had reached.
import type { AccountId } from '@parley/shared/ids.ts'
import { MAX_PAGE_NOTES } from '@parley/shared/limits.ts'
import { type Note, NoteKind } from '@parley/shared/local-api/notes.ts'
import type { EventRow, NoteRow } from '#store/events-table.ts'
import type { Store } from '#store/store.ts'
import type { Contacts } from './contacts.ts'

/** A note, as it is told to whoever reads along. */
export type Notice = Note & { readonly account: AccountId }

interface NotesDeps {
  readonly store: Pick<Store, 'events'>
  readonly contacts: Pick<Contacts, 'label'>
}

/** Behind `from` and before `to`, both Lamport values. */
interface Between {
  readonly from?: number | undefined
  readonly to?: number | undefined
}

export class Notes {
  readonly #deps: NotesDeps

  constructor(deps: NotesDeps) {
    this.#deps = deps
  }

  /** Oldest first: of more than MAX_PAGE_NOTES the newest. */
  between(account: AccountId, { from = 0, to = Number.MAX_SAFE_INTEGER }: Between): Note[] {
    const rows = this.#deps.store.events.notes(account, from, to - 1, MAX_PAGE_NOTES)
    return rows.reverse().map((row) => this.#note(account, row))
  }

  /** The newest of that kind, once it is committed. */
  newest(account: AccountId, kind: NoteKind): Notice | undefined {
    const row = this.#deps.store.events.newestNote(account, kind)
    return row && { account, ...this.#note(account, row) }
  }

  /** What a row of the log says, if it is a note. */
  ofEvent({ kind, at, account, lamport }: EventRow): Notice | undefined {
    const { data: known } = NoteKind.safeParse(kind)
    if (known === undefined || account === null || lamport === null) return undefined
    return { account, ...this.#note(account, { kind: known, at, lamport }) }
  }

  #note(account: AccountId, { kind, at, lamport }: NoteRow): Note {
    return { kind, ...wordsOf(kind, this.#deps.contacts.label(account).name), at, lamport }
  }
}

function wordsOf(kind: NoteKind, name: string): Pick<Note, 'level' | 'text'> {
  switch (kind) {
    case 'ratchet-renewed':
      return info(`The encryption with ${name} was set up anew: something could not be opened there. Nothing is lost.`)
    case 'key-changed':
      return warn(
        `The key of ${name} changed. Nothing more is sent until you decide: parley accept-key ${name} tells more.`,
      )
    case 'key-rotated':
      return info(`${name} has a new key, which the known one signed. The conversation goes on.`)
    case 'key-restored':
      return info(`The directory names the key of ${name} again that you know. What waited goes out.`)
    case 'key-accepted':
      return info(`You accepted the new key of ${name}. What waited goes out to it.`)
    case 'key-refused':
      return info(`You kept the known key of ${name}. What waited goes out to it.`)
    case 'verified':
      return info(`You compared the safety number with ${name}.`)
    case 'unverified':
      return info(`You took back that you compared the safety number with ${name}.`)
    case 'rolled-back':
      return warn(
        `${name} holds messages of yours that this profile does not: it was put back to an older copy of itself. It goes on from here.`,
      )
    case 'new-epoch':
      return info(`The profile of ${name} was put back to an older copy of itself, and went on.`)
    case 'profile-in-use':
      return warn(`Two programs take turns with the profile of ${name}: somebody copied it. Ask over another way.`)
  }
}

function info(text: string): Pick<Note, 'level' | 'text'> {
  return { level: 'info', text }
}

function warn(text: string): Pick<Note, 'level' | 'text'> {
  return { level: 'warn', text }
}
