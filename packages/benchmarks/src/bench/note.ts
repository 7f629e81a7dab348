// What a benchmark and the processes that it starts tell each other, over Node's IPC: an event, and numbers by name.
//   child -> parent   ready {…}, once; then for each question its answer, under the same event
//   parent -> child   a question, or stop; the end of the channel means the same
import { BenchError } from './bench-error.ts'

export type Numbers = Readonly<Record<string, number>>

export interface Note {
  readonly event: string
  readonly numbers: Numbers
}

// The child is to end the channel: a process whose channel was ended from above never emits 'close' (Node 24).
export const STOP: Note = { event: 'stop', numbers: {} }

/** Undefined for anything else than a note. */
export function readNote(value: unknown): Note | undefined {
  if (typeof value !== 'object' || value === null || !('event' in value) || !('numbers' in value)) return undefined
  const { event, numbers } = value
  if (typeof event !== 'string' || typeof numbers !== 'object' || numbers === null) return undefined
  const read: Record<string, number> = {}
  for (const [name, number] of Object.entries(numbers)) {
    if (typeof number !== 'number') return undefined
    read[name] = number
  }
  return { event, numbers: read }
}

/** Throws BenchError `missing-figure`. */
export function figureOf(numbers: Numbers, name: string): number {
  const figure = numbers[name]
  if (figure === undefined) throw new BenchError('missing-figure', `there is no figure ${name}`)
  return figure
}
