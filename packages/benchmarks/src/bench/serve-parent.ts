// The half of a measurement that runs in a child process.
import { type Numbers, readNote, STOP } from './note.ts'
import { takeUsage } from './usage.ts'

type Answer = (numbers: Numbers) => Numbers | Promise<Numbers>

/**
 * Tells the parent that it is ready, answers what it asks, and resolves when it says stop. What an answer throws ends the process,
 * and so does the end of the parent: nobody would hear the answer.
 */
export function serveParent(ready: Numbers, answers: Readonly<Record<string, Answer>>): Promise<void> {
  const stopped = Promise.withResolvers<void>()
  const all: Readonly<Record<string, Answer>> = { ...answers, usage: takeUsage }
  const orphaned = () => process.exit(1)
  const take = async (message: unknown): Promise<void> => {
    const note = readNote(message)
    if (note?.event === STOP.event) {
      process.off('disconnect', orphaned).disconnect()
      stopped.resolve()
      return
    }
    const answer = note && all[note.event]
    if (note === undefined || answer === undefined) throw new TypeError(`not a question: ${JSON.stringify(message)}`)
    tell(note.event, await answer(note.numbers))
  }
  process.on('disconnect', orphaned).on('message', (message) => {
    take(message).catch((error: unknown) => {
      console.error(error)
      process.exit(1)
    })
  })
  tell('ready', ready)
  return stopped.promise
}

function tell(event: string, numbers: Numbers): void {
  if (process.connected) process.send?.({ event, numbers })
}
