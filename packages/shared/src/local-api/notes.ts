import { z } from 'zod'

/** What happened to a conversation, beside what was said in it. */
export const NoteKind = z.enum([
  /** The encryption with a device was begun anew; what could not be opened was sealed again. */
  'ratchet-renewed',
  'key-changed',
  'key-rotated',
  'key-restored',
  'key-accepted',
  'key-refused',
  'verified',
  'unverified',
  /** This profile had been put back to an older copy of itself; theirs had. */
  'rolled-back',
  'new-epoch',
  /** Two processes use one profile of theirs. */
  'profile-in-use',
])
export type NoteKind = z.infer<typeof NoteKind>

export const Note = z.object({
  kind: NoteKind,
  level: z.enum(['info', 'warn']),
  /** For people. */
  text: z.string(),
  /** Unix milliseconds, by the clock of this device. */
  at: z.int(),
  /** It stands behind all messages of the conversation up to this value. */
  lamport: z.int(),
})
export type Note = z.infer<typeof Note>
