import { isUtf8 } from 'node:buffer'
import { MAX_TEXT_BYTES } from '@parley/shared/limits.ts'
import { CliError, EXIT } from './exit.ts'

const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d

/**
 * The lines of an input, without their ends, as many at a time as came together; what is behind the last line break is a line too,
 * once the input has ended. Ends when the signal aborts, and then that part is none. Throws CliError at a line that cannot be a
 * message, after those before it.
 */
export async function* readLines(input: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<string[]> {
  let rest = Buffer.alloc(0)
  let number = 0
  for await (const chunk of untilAborted(input, signal)) {
    let bytes = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk])
    const lines: string[] = []
    try {
      for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED)) {
        number += 1
        lines.push(textOf(bytes.subarray(0, end), number))
        bytes = bytes.subarray(end + 1)
      }
      if (bytes.length > MAX_TEXT_BYTES + 1) throw tooLong(number + 1)
    } catch (error) {
      yield lines
      throw error
    }
    yield lines
    if (signal.aborted) return
    rest = Buffer.from(bytes)
  }
  if (rest.length > 0 && !signal.aborted) yield [textOf(rest, number + 1)]
}

function textOf(bytes: Buffer, number: number): string {
  const line = bytes.at(-1) === CARRIAGE_RETURN ? bytes.subarray(0, -1) : bytes
  if (line.length > MAX_TEXT_BYTES) throw tooLong(number)
  if (isUtf8(line)) return line.toString('utf8')
  throw new CliError(EXIT.usage, 'not-text', `line ${number} is not text in UTF-8`)
}

function tooLong(number: number): CliError {
  return new CliError(
    EXIT.refused,
    'too-large',
    `line ${number} is longer than a message may be (${MAX_TEXT_BYTES / 1024} KiB)`,
  )
}

/** An input that says nothing for hours ends at the signal all the same. */
async function* untilAborted<T>(source: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const { promise: aborted, resolve } = Promise.withResolvers<undefined>()
  const onAbort = () => resolve(undefined)
  signal.addEventListener('abort', onAbort, { once: true })
  const iterator = source[Symbol.asyncIterator]()
  try {
    while (!signal.aborted) {
      const next = await Promise.race([iterator.next(), aborted])
      if (next === undefined || next.done === true) return
      yield next.value
    }
  } finally {
    signal.removeEventListener('abort', onAbort)
    // Not awaited: a pipe that is silent does not answer.
    iterator.return?.().catch(() => undefined)
  }
}
