import { printable } from '@parley/shared/terminal/printable.ts'
import type { Cli } from './command.ts'

/** What the person answers. False without a person at the keyboard: nobody agrees by silence. */
export async function isAgreed({ input, terminal }: Cli, question: string): Promise<boolean> {
  if (input.isTTY !== true) return false
  terminal.note(`${question} Type yes to agree:`)
  return /^y(?:es)?$/i.test(printable(await readLine(input)).trim())
}

async function readLine(input: Cli['input']): Promise<string> {
  let line = ''
  for await (const chunk of input) {
    line += Buffer.from(chunk).toString('utf8')
    if (line.includes('\n') || line.length > MAX_ANSWER_CHARS) break
  }
  return line.split('\n', 1)[0] ?? ''
}

const MAX_ANSWER_CHARS = 100
