// One message handed to the daemon, and the wait for what becomes of it.
import { setTimeout as delay } from 'node:timers/promises'
import type { ApiClient } from '@parley/api-client'
import { ApiError } from '@parley/api-client/api-error.ts'
import type { MessageView, PriorityName } from '@parley/shared/local-api/messages.ts'
import type { ProfileChoice } from './actions.ts'
import { type Cli, clientOf } from './command.ts'
import { CliError, EXIT } from './exit.ts'

export interface Letter {
  readonly to: string
  readonly priority: PriorityName
  readonly deadline: number | undefined
}

/** A letter of one message. */
export interface Note extends Letter {
  readonly text: string
  /** The id of the message that it answers. */
  readonly replyTo: string | undefined
}

export interface Patience {
  /** Unix milliseconds. */
  readonly until: number
  /** Ends waiting. A request that may have been accepted is answered first, so that what was accepted is known. */
  readonly signal?: AbortSignal | undefined
}

const ROOM_RETRY_MS = 1_000

/** The daemon of a profile, also when it was started again meanwhile. */
export class Post {
  readonly #cli: Cli
  readonly #choice: ProfileChoice
  #client: ApiClient

  constructor(cli: Cli, choice: ProfileChoice, client: ApiClient) {
    this.#cli = cli
    this.#choice = choice
    this.#client = client
  }

  /** One message. */
  async queue({ to, text, ...options }: Note, patience: Patience): Promise<MessageView> {
    return this.#queue(patience, (client, idempotencyKey) => client.send(to, text, { ...options, idempotencyKey }))
  }

  /** The messages of the first of these texts, at least of one. */
  async queueSome({ to, ...options }: Letter, texts: readonly string[], patience: Patience): Promise<MessageView[]> {
    return this.#queue(patience, (client, idempotencyKey) =>
      client.sendBatch(to, texts, { ...options, idempotencyKey }),
    )
  }

  /** Asked again with the same key nothing is sent twice: when the line breaks, and when there is no room yet. */
  async #queue<T>(
    { until, signal }: Patience,
    ask: (client: ApiClient, idempotencyKey: string) => Promise<T>,
  ): Promise<T> {
    const idempotencyKey = crypto.randomUUID()
    let isSecondLine = false
    for (;;) {
      try {
        return await ask(this.#client, idempotencyKey)
      } catch (error) {
        if (!(error instanceof ApiError)) throw error
        if (error.code === 'no-connection' && !isSecondLine) {
          isSecondLine = true
          this.#client = await clientOf(this.#cli, this.#choice)
          continue
        }
        const waitMs = error.retryAfterMs ?? ROOM_RETRY_MS
        if (error.code !== 'outbox-full') throw error
        if (this.#cli.now() + waitMs > until) {
          throw new CliError(
            EXIT.stillQueued,
            'outbox-full',
            `${error.message}. This message was not queued: send it again later`,
          )
        }
        await delay(waitMs, undefined, { signal })
      }
    }
  }

  /** The same for some of them, in this order. */
  async waitForAll(ids: readonly string[], state: 'sent' | 'delivered', patience: Patience): Promise<MessageView[]> {
    return this.#ask((client) =>
      client.waitForAll(ids, state, { timeoutMs: this.#leftMs(patience), signal: patience.signal }),
    )
  }

  /** As it is when it is in that state, has ended, or the time is up. */
  async waitFor(id: string, state: 'sent' | 'delivered', patience: Patience): Promise<MessageView> {
    return this.#ask((client) =>
      client.waitFor(id, state, { timeoutMs: this.#leftMs(patience), signal: patience.signal }),
    )
  }

  #leftMs({ until }: Patience): number {
    return Math.max(0, until - this.#cli.now())
  }

  /** What is accepted is durable: a daemon that went away meanwhile is asked once more, if it is there again. */
  async #ask<T>(ask: (client: ApiClient) => Promise<T>): Promise<T> {
    try {
      return await ask(this.#client)
    } catch (error) {
      if (!(error instanceof ApiError && error.code === 'no-connection')) throw error
      this.#client = await clientOf(this.#cli, this.#choice)
      return await ask(this.#client)
    }
  }
}
