import { isUtf8 } from 'node:buffer'
import { MAX_TEXT_BYTES } from '@parley/shared/limits.ts'
import type { Cli } from './command.ts'
import { CliError, EXIT } from './exit.ts'

/** The message: the words of the command line, else the whole input but for the line break at its end. Throws CliError. */
export async function readMessage({ input, terminal }: Cli, words: readonly string[]): Promise<string> {
  let text = words.join(' ')
  if (words.length === 0) {
    if (input.isTTY === true) terminal.note('Write the message, and end it with Ctrl-D on a line of its own.')
    text = (await readInput(input)).replace(/\r?\n$/, '')
  }
  if (text.trim() !== '') return text
  throw new CliError(EXIT.usage, 'no-text', 'there is nothing to send: write the text after the name, or pipe it in')
}

async function readInput(input: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of input) {
    size += chunk.length
    // Two more for the line break that does not count.
    if (size > MAX_TEXT_BYTES + 2) {
      const kib = MAX_TEXT_BYTES / 1024
      throw new CliError(
        EXIT.refused,
        'too-large',
        `a message holds at most ${kib} KiB of text, and the input is longer`,
      )
    }
    chunks.push(chunk)
  }
  const bytes = Buffer.concat(chunks)
  if (isUtf8(bytes)) return bytes.toString('utf8')
  throw new CliError(EXIT.usage, 'not-text', 'the input is not text in UTF-8; nothing was sent')
}
