// Reading what others write, in the order of arrival.
import { setTimeout as delay } from 'node:timers/promises'
import type { ApiClient } from '@parley/api-client'
import { ApiError } from '@parley/api-client/api-error.ts'
import type { ReceivedMessage, ReceivedPage } from '@parley/shared/local-api/received.ts'
import { printable } from '@parley/shared/terminal/printable.ts'
import { widthOf } from '@parley/shared/terminal/text-width.ts'
import { clockTime } from '@parley/shared/terminal/times.ts'
import type { ProfileChoice } from './actions.ts'
import { type Cli, clientOf } from './command.ts'
import { nameStyle, quoteLine, textLines } from './message-words.ts'

const RETRY_MS = 500
const GAP = '  '

export interface Source {
  readonly cursor: string | undefined
  readonly from: string | undefined
}

/** What one reader asks for, page by page, also when the daemon is started again meanwhile. */
export class Reading {
  readonly #cli: Cli
  readonly #choice: ProfileChoice
  readonly #source: Source
  #client: ApiClient
  #after: string | undefined

  constructor(cli: Cli, choice: ProfileChoice, client: ApiClient, source: Source) {
    this.#cli = cli
    this.#choice = choice
    this.#client = client
    this.#source = source
  }

  async again(): Promise<void> {
    if (this.#source.cursor !== undefined) await this.#client.forgetCursor(this.#source.cursor)
  }

  /** Whoever looks at nothing but what comes begins where things stand now. */
  async begin(): Promise<void> {
    if (this.#source.cursor === undefined) this.#after ??= (await this.#client.received()).next
  }

  /** A page, printed; the cursor moves only afterwards. */
  async next(
    limit: number,
    waitMs: number,
    print: (page: ReceivedPage) => Promise<void>,
    signal?: AbortSignal,
  ): Promise<ReceivedPage> {
    const { cursor, from } = this.#source
    await this.begin()
    const page = await this.#asking((client) =>
      client.received({
        from,
        limit,
        waitMs,
        signal,
        ...(this.#after === undefined ? { cursor } : { after: this.#after }),
      }),
    )
    if (page.messages.length > 0) await print(page)
    if (cursor !== undefined && page.next !== this.#after)
      await this.#asking((client) => client.moveCursor(cursor, page.next))
    this.#after = page.next
    return page
  }

  /** Again, as long as it takes, when the daemon went away: it says itself that it is gone when it does not come back. */
  async #asking<T>(ask: (client: ApiClient) => Promise<T>): Promise<T> {
    for (let tries = 0; ; tries++) {
      try {
        return await ask(this.#client)
      } catch (error) {
        const isGone = error instanceof ApiError && (error.code === 'no-connection' || error.code === 'stopping')
        if (!isGone || tries >= MAX_TRIES) throw error
        await delay(RETRY_MS)
        this.#client = await clientOf(this.#cli, this.#choice).catch(() => this.#client)
      }
    }
  }
}

/** A daemon that is started again is there within half a minute. */
const MAX_TRIES = 60

/** Resolves when they have left this process. */
export async function printReceived(
  { terminal }: Cli,
  messages: readonly ReceivedMessage[],
  json: boolean,
): Promise<void> {
  for (const message of messages) {
    if (json) {
      terminal.json(message)
      continue
    }
    const name = printable(message.with)
    const indent = ' '.repeat('hh:mm'.length + GAP.length + widthOf(name))
    const left = `${terminal.paint(clockTime(message.storedAt), 'dim')}${GAP}${terminal.paint(name, nameStyle(message.account))}`
    const quoted = quoteLine(terminal, message)
    const lines = quoted === undefined ? textLines(message) : [quoted, ...textLines(message)]
    for (const [row, line] of lines.entries()) {
      terminal.line(`${row === 0 ? left : indent}${GAP}${line}`.trimEnd())
    }
  }
  await terminal.flushed()
}
