// Without a terminal: each line of the input is a message, and what the other side writes is printed as it comes.
import type { ApiClient } from '@parley/api-client'
import { MAX_PAGE_MESSAGES } from '@parley/shared/limits.ts'
import type { ProfileChoice } from '../actions.ts'
import type { Cli } from '../command.ts'
import type { ExitCode } from '../exit.ts'
import { Post } from '../letter.ts'
import { printReceived, Reading } from '../reading.ts'
import { sendLines } from '../send-lines.ts'
import { stopSignals } from '../signals.ts'

const POLL_MS = 60_000

interface PlainChatOptions {
  readonly client: ApiClient
  readonly to: string
  readonly json: boolean
}

/** Until the input ends, and all of it is with the daemon. */
export async function plainChat(cli: Cli, choice: ProfileChoice, options: PlainChatOptions): Promise<ExitCode> {
  const { client, to, json } = options
  using stopping = stopSignals()
  const over = new AbortController()
  const signal = AbortSignal.any([stopping.signal, over.signal])
  const reading = new Reading(cli, choice, client, { cursor: undefined, from: to })
  // Before the first line goes out, so that no answer to it is missed.
  await reading.begin()
  const printing = printAll(cli, reading, json, signal)
  try {
    const letter = { to, priority: 'normal' as const }
    const sending = sendLines(cli, new Post(cli, choice, client), {
      letter,
      lifetimeMs: undefined,
      wait: undefined,
      timeoutMs: 0,
      json: false,
      signal: stopping.signal,
    })
    return await sending
  } finally {
    over.abort()
    await printing
  }
}

async function printAll(cli: Cli, reading: Reading, json: boolean, signal: AbortSignal): Promise<void> {
  try {
    while (!signal.aborted) {
      await reading.next(MAX_PAGE_MESSAGES, POLL_MS, (page) => printReceived(cli, page.messages, json), signal)
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
}
