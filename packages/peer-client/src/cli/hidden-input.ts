// What is typed here is not shown.
import type { Output } from '@parley/shared/terminal/terminal.ts'
import { CliError, EXIT } from './exit.ts'

/** Of a terminal's input, what is needed. */
export interface RawInput {
  setRawMode(isRaw: boolean): unknown
  resume(): unknown
  pause(): unknown
  on(event: 'data', listener: (chunk: Uint8Array) => void): unknown
  off(event: 'data', listener: (chunk: Uint8Array) => void): unknown
}

const ENTER = new Set(['\r', '\n'])
const RUB_OUT = new Set(['\u007f', '\b'])
/** Ctrl-C, Ctrl-D. */
const GIVE_UP = new Set(['\u0003', '\u0004'])
/** Ctrl-U. */
const WIPE = '\u0015'

/** The line that is typed after the question. Rejects with CliError `cancelled` on Ctrl-C. */
export async function askHidden(input: RawInput, errors: Output, question: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const decoder = new TextDecoder()
  let typed: string[] = []
  const take = (chunk: Uint8Array) => {
    for (const character of decoder.decode(chunk, { stream: true })) {
      if (ENTER.has(character)) return resolve(typed.join(''))
      if (GIVE_UP.has(character)) return reject(new CliError(EXIT.ended, 'cancelled', 'cancelled; nothing was changed'))
      if (RUB_OUT.has(character)) typed.pop()
      else if (character === WIPE) typed = []
      else typed.push(character)
    }
  }
  errors.write(`${question}: `)
  input.setRawMode(true)
  input.on('data', take)
  input.resume()
  try {
    return await promise
  } finally {
    input.off('data', take)
    input.pause()
    input.setRawMode(false)
    errors.write('\n')
  }
}
