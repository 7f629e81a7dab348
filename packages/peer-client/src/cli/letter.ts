// One message handed to the daemon, and the wait for what becomes of it.
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { ApiClient } from '@parley/api-client'
import { ApiError } from '@parley/api-client/api-error.ts'
import type { MessageView, PriorityName } from '@parley/shared/local-api/messages.ts'
import type { ProfileChoice } from './actions.ts'
import { type Cli, clientOf } from './command.ts'
import { CliError, EXIT } from './exit.ts'

export interface Letter {
  readonly to: string
  readonly text: string
  readonly priority: PriorityName
  readonly deadline: number | undefined
}

export interface Patience {
  /** Unix milliseconds. */
  readonly until: number
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

  /** Asked again with the same key it is still one message: when the line breaks, and when there is no room yet. */
  async queue({ to, text, ...options }: Letter, { until, signal }: Patience): Promise<MessageView> {
    const idempotencyKey = randomUUID()
    let isSecondLine = false
    for (;;) {
      try {
        return await this.#client.send(to, text, { ...options, idempotencyKey, signal })
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

  /** The message is durable: a daemon that went away meanwhile is asked once more, if it is there again. */
  async waitFor(id: string, state: 'sent' | 'delivered', { until, signal }: Patience): Promise<MessageView> {
    const ask = () => {
      const timeoutMs = Math.max(0, until - this.#cli.now())
      return this.#client.waitFor(id, state, { timeoutMs, signal })
    }
    try {
      return await ask()
    } catch (error) {
      if (!(error instanceof ApiError && error.code === 'no-connection')) throw error
      this.#client = await clientOf(this.#cli, this.#choice)
      return await ask()
    }
  }
}
