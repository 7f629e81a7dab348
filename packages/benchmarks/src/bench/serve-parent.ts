// The half of a measurement that runs in a child process.
import { once } from 'node:events'
import { type Numbers, readNote, STOP } from './note.ts'
import { takeUsage } from './usage.ts'

type Answer = (numbers: Numbers) => Numbers | Promise<Numbers>

/** Tells the parent that it is ready, answers what it asks, and resolves when it has gone. What an answer throws ends the process. */
export async function serveParent(ready: Numbers, answers: Readonly<Record<string, Answer>>): Promise<void> {
  const all: Readonly<Record<string, Answer>> = { ...answers, usage: takeUsage }
  const reply = async (message: unknown): Promise<void> => {
    const note = readNote(message)
    if (note?.event === STOP.event) {
      process.disconnect()
      return
    }
    const answer = note && all[note.event]
    if (note === undefined || answer === undefined) throw new TypeError(`not a question: ${JSON.stringify(message)}`)
    tell(note.event, await answer(note.numbers))
  }
  const gone = once(process, 'disconnect')
  process.on('message', (message) => {
    reply(message).catch((error: unknown) => {
      console.error(error)
      process.exit(1)
    })
  })
  tell('ready', ready)
  if (process.connected) await gone
}

function tell(event: string, numbers: Numbers): void {
  if (process.connected) process.send?.({ event, numbers })
}
