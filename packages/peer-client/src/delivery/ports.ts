// What delivery needs of the layers below and of the machine, and no more: a simulation gives it the same four things.
import type { AccountId, DeviceKey } from '@parley/shared/ids.ts'
import type { NoteKind } from '@parley/shared/local-api/notes.ts'
import type { PrekeyBundle } from '@parley/shared/signed/prekeys.ts'
import type { FrameOf, RejectCode } from '@parley/shared/wire/frames.ts'

/** The frames of delivery. */
export type DeliveryFrame = FrameOf<2> | FrameOf<3> | FrameOf<4> | FrameOf<5> | FrameOf<10> | FrameOf<11>

/** A session for messages that is up. `send` is false when it no longer is. */
export interface Line {
  readonly device: DeviceKey
  /** How it goes, for people: an address, `memory`, … */
  readonly path: string
  /** False from the first word of its end on. */
  readonly isOpen: boolean
  send(frame: DeliveryFrame): boolean
}

/** Writes what a seal or an open changed in the ratchets; inside a transaction, at most once. Not calling it undoes both. */
export interface Change {
  apply(): void
}

/** Why an envelope could not be opened, as the reject that answers it. */
export type OpenFailure = Extract<RejectCode, 'undecryptable' | 'duplicate' | 'unknown-prekey' | 'malformed'>

export type Opened =
  | { readonly plaintext: Uint8Array; readonly begun: boolean; readonly change: Change }
  | { readonly failure: OpenFailure; readonly detail: string }

export interface Sealing {
  /** Whether something can be sealed for the device without a prekey bundle. */
  has(device: DeviceKey): boolean
  /** With `bundle` over a ratchet begun from it. Rejects when that is impossible; the error's `code` says why. */
  seal(device: DeviceKey, plaintext: Uint8Array, bundle?: PrekeyBundle): Promise<{ bytes: Uint8Array; change: Change }>
  open(device: DeviceKey, bytes: Uint8Array): Promise<Opened>
  /** One of my own prekey bundles for somebody whose ratchet towards me failed; committed before it is returned. */
  ownBundle(): Promise<PrekeyBundle>
}

export interface Locks {
  run<T>(device: DeviceKey, work: () => Promise<T>): Promise<T>
  isFree(device: DeviceKey): boolean
}

export interface Clock {
  /** Unix milliseconds. */
  now(): number
  /** Calls back once after `ms`; the returned function calls it off. */
  after(ms: number, callback: () => void): () => void
}

export interface Me {
  readonly account: AccountId
  readonly device: DeviceKey
}

export interface DeliveryLog {
  debug(fields: object, event: string): void
  info(fields: object, event: string): void
  warn(fields: object, event: string): void
  error(fields: object, event: string): void
}

export const SILENT_LOG: DeliveryLog = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
}

/** What delivery tells the layers above, always after the commit. Ranges of positions, so that a bundle costs one call. */
export interface DeliveryEvents {
  /** New visible messages of others. */
  received(range: { stream: number; from: number; to: number; account: AccountId }): void
  delivered(range: { stream: number; from: number; to: number; account: AccountId }): void
  /** Sealed, committed and written. */
  sent(range: { stream: number; from: number; to: number }): void
  /** Positions of mine went on in a new epoch. */
  moved(range: { stream: number; from: number; to: number }): void
  /** An event about the account was committed that its conversation shows. */
  noted(note: { kind: NoteKind; account: AccountId }): void
  /** A message ended without delivery. */
  ended(message: { stream: number; seq: number; account: AccountId }): void
}
