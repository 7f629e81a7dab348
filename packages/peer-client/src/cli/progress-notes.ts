import type { Cli } from './command.ts'

const EVERY_MS = 2_000

/** Says now and then to a person how far something has come; says nothing of what is done soon, or to a program. */
export function progressNotes({ terminal, now }: Cli, done: string): (part: number, whole: number) => void {
  let saidAt = now()
  return (part, whole) => {
    if (!terminal.isInteractive || now() - saidAt < EVERY_MS) return
    saidAt = now()
    terminal.note(`${Math.floor((100 * part) / Math.max(whole, 1))} % ${done}`)
  }
}
