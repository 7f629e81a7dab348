// `send --lines`: each line of the input is a message, in order. The input is read no faster than the messages are taken, and with a
// state to wait for no further ahead than MAX_BATCH_MESSAGES of them.
import { MAX_BATCH_MESSAGES, MAX_LOCAL_BODY_BYTES } from '@parley/shared/limits.ts'
import type { MessageView } from '@parley/shared/local-api/messages.ts'
import { digits } from '@parley/shared/terminal/digits.ts'
import type { Cli } from './command.ts'
import { EXIT, type ExitCode } from './exit.ts'
import type { Letter, Post } from './letter.ts'
import { count } from './message-words.ts'
import { readLines } from './read-lines.ts'

export interface LinesOptions {
  readonly letter: Omit<Letter, 'deadline'>
  /** Of each message, from when its line was read. */
  readonly lifetimeMs: number | undefined
  readonly wait: 'sent' | 'delivered' | undefined
  /** How long to wait for the rest once the input has ended. */
  readonly timeoutMs: number
  readonly json: boolean
  readonly signal: AbortSignal
}

const FOR_EVER = Number.MAX_SAFE_INTEGER

export async function sendLines(cli: Cli, post: Post, options: LinesOptions): Promise<ExitCode> {
  const sending = new SendLines(cli, post, options)
  return await sending.run()
}

type Outcome = 'reached' | 'queued' | 'sent' | 'held' | 'ended' | 'refused'

class SendLines {
  readonly #cli: Cli
  readonly #post: Post
  readonly #options: LinesOptions
  readonly #outcomes: Record<Outcome, number> = { reached: 0, queued: 0, sent: 0, held: 0, ended: 0, refused: 0 }
  readonly #outstanding: MessageView[] = []
  #accepted = 0
  #blank = 0
  #lastAccepted: MessageView | undefined
  #settling: Promise<void> = Promise.resolve()
  #isSettling = false
  #until = FOR_EVER
  #wake: () => void = () => undefined

  constructor(cli: Cli, post: Post, options: LinesOptions) {
    this.#cli = cli
    this.#post = post
    this.#options = options
  }

  async run(): Promise<ExitCode> {
    const { signal, timeoutMs } = this.#options
    const failures: unknown[] = []
    try {
      for await (const lines of readLines(this.#cli.input, signal)) {
        const texts = lines.filter((line) => line.trim() !== '')
        this.#blank += lines.length - texts.length
        while (texts.length > 0 && !signal.aborted) await this.#send(texts)
      }
    } catch (error) {
      if (!signal.aborted) failures.push(error)
    }
    // What was accepted is waited for also when a later line could not be sent.
    this.#until = this.#cli.now() + timeoutMs
    await this.#settling.catch((error: unknown) => {
      if (!signal.aborted) failures.push(error)
    })
    this.#summarise()
    for (const failure of failures) throw failure
    return signal.aborted ? EXIT.interrupted : this.#exitCode()
  }

  /** Takes as many from the front as there is room for, at least one. */
  async #send(texts: string[]): Promise<void> {
    const { letter, lifetimeMs, wait, json, signal } = this.#options
    await this.#room()
    const deadline = lifetimeMs === undefined ? undefined : this.#cli.now() + lifetimeMs
    const most = wait === undefined ? MAX_BATCH_MESSAGES : MAX_BATCH_MESSAGES - this.#outstanding.length
    const batch = texts.slice(0, howMany(texts, most))
    const accepted = await this.#post.queueSome({ ...letter, deadline }, batch, { until: FOR_EVER, signal })
    texts.splice(0, accepted.length)
    this.#accepted += accepted.length
    this.#lastAccepted = accepted.at(-1)
    if (json) for (const message of accepted) this.#cli.terminal.json(message)
    if (wait === undefined) return
    this.#outstanding.push(...accepted)
    if (!this.#isSettling) this.#settling = this.#settle(wait)
  }

  /** Waits until not everything that may be on the way is. */
  async #room(): Promise<void> {
    while (this.#outstanding.length >= MAX_BATCH_MESSAGES && this.#isSettling) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#wake = resolve
      await promise
    }
    // When asking failed, nothing more is sent either.
    if (!this.#isSettling && this.#outstanding.length > 0) await this.#settling
  }

  /** All that are on the way, again and again until none is. */
  async #settle(wait: 'sent' | 'delivered'): Promise<void> {
    const { json, signal } = this.#options
    this.#isSettling = true
    try {
      while (this.#outstanding.length > 0) {
        // The end of the input may come while this waits, and more lines, so it never waits longer than a little.
        const until = Math.min(this.#until, this.#cli.now() + POLL_MS)
        const ids = this.#outstanding.map(({ id }) => id)
        const messages = await this.#post.waitForAll(ids, wait, { until, signal })
        const isOver = this.#cli.now() >= this.#until
        const open = messages.filter((message) => !isOver && isOpen(message, wait))
        for (const message of messages) {
          if (open.includes(message)) continue
          this.#outcomes[outcomeOf(message, wait)] += 1
          if (json) this.#cli.terminal.json(message)
        }
        this.#outstanding.splice(0, messages.length, ...open)
        this.#wake()
      }
    } finally {
      this.#isSettling = false
      this.#wake()
    }
  }

  #summarise(): void {
    const { wait, json, signal } = this.#options
    const { reached, queued, sent, held, ended, refused } = this.#outcomes
    const unknown = wait === undefined ? 0 : this.#outstanding.length
    if (json) {
      const { id } = this.#lastAccepted ?? {}
      const fields = {
        accepted: this.#accepted,
        blank: this.#blank,
        ...(wait === undefined ? {} : { [wait]: reached }),
      }
      const open = { open: queued + sent + unknown, held, ended, refused }
      this.#cli.terminal.noteJson({
        event: 'summary',
        ...fields,
        ...(wait === undefined ? {} : open),
        last: id ?? null,
      })
      return
    }
    const parts = [`${count(this.#accepted, 'message')} accepted`]
    if (wait !== undefined) parts.push(`${digits(reached)} ${wait}`)
    if (queued + sent + unknown > 0) parts.push(`${digits(queued + sent + unknown)} still on the way`)
    if (held > 0) parts.push(`${held} on hold because a key changed`)
    if (ended > 0) parts.push(`${ended} taken back or expired`)
    if (refused > 0) parts.push(`${refused} refused`)
    if (this.#blank > 0) parts.push(`${count(this.#blank, 'empty line')} left out`)
    const words = parts.join(', ')
    if (!signal.aborted) this.#cli.terminal.note(`${words}.`)
    else
      this.#cli.terminal.note(
        `Interrupted: ${words}. What was accepted is safe and goes out by itself; the rest was not sent.` +
          (this.#lastAccepted === undefined ? '' : ` The last one was ${this.#lastAccepted.id}.`),
      )
  }

  #exitCode(): ExitCode {
    const { refused, ended, held, queued, sent } = this.#outcomes
    if (refused > 0) return EXIT.refused
    if (held > 0) return EXIT.keyChanged
    if (ended > 0) return EXIT.ended
    return queued + sent > 0 ? EXIT.stillQueued : EXIT.done
  }
}

const POLL_MS = 1_000
/** Of texts, in one request: in JSON a character takes up to six bytes. */
const MAX_BATCH_CHARS = MAX_LOCAL_BODY_BYTES / 8

/** At least one, whatever its size. */
function howMany(texts: readonly string[], most: number): number {
  let chars = 0
  const tooMany = texts.slice(0, most).findIndex((text, at) => {
    chars += text.length
    return at > 0 && chars > MAX_BATCH_CHARS
  })
  return tooMany < 0 ? Math.min(texts.length, most) : tooMany
}

function isOpen(message: MessageView, wanted: 'sent' | 'delivered'): boolean {
  const outcome = outcomeOf(message, wanted)
  return outcome === 'queued' || outcome === 'sent'
}

function outcomeOf({ state, hold }: MessageView, wanted: 'sent' | 'delivered'): Outcome {
  switch (state) {
    case 'delivered':
    case 'read':
      return 'reached'
    case 'sent':
      return wanted === 'sent' ? 'reached' : 'sent'
    case 'refused':
      return 'refused'
    case 'cancelled':
    case 'expired':
      return 'ended'
    default:
      return hold === 'blocked-key-change' ? 'held' : 'queued'
  }
}
