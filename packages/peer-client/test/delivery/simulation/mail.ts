// What the users of the simulation write, take back and change, and what they were told of it.
import { utf8 } from '@parley/shared/bytes.ts'
import type { AccountId, LocalMessageId } from '@parley/shared/ids.ts'
import type { SimNode } from './node.ts'
import type { SeededRandom } from './random.ts'
import type { Schedule } from './schedule.ts'

export interface Sent {
  readonly from: SimNode
  readonly to: AccountId
  readonly text: string
  readonly deadline: number | undefined
  localId: LocalMessageId | undefined
  /** When its `send` resolved: from then on it must never be lost. */
  acceptedAt: number | undefined
  /** What was reported: earlier texts must never arrive. */
  finalText: string | undefined
  readonly formerTexts: string[]
  /** Its author forgot it, or what became of it: the profile was set back to before. */
  isForgotten: boolean
  /** Changes that were asked for and not answered; or its author was set back to before one that was. */
  unsure: number
}

/** Some two of them fill a bundle. */
const LONG_CHARS = 30 * 1024

interface Options {
  readonly random: SeededRandom
  readonly schedule: Schedule
  readonly hasDeadlines: boolean
  readonly hasLongTexts: boolean
  readonly onFailure: (complaint: string) => void
}

export class Mail {
  readonly sent: Sent[] = []
  readonly #options: Options
  #texts = 0

  constructor(options: Options) {
    this.#options = options
  }

  /** `isKept`: what a copy of a profile sends is nobody's to keep. */
  send(from: SimNode, to: AccountId, isKept: boolean): void {
    const { random, schedule, hasDeadlines, onFailure } = this.#options
    const text = this.#nextText()
    const deadline = hasDeadlines && random.chance(0.2) ? from.now + random.below(300) : undefined
    const sent: Sent = {
      from,
      to,
      text,
      deadline,
      localId: undefined,
      acceptedAt: undefined,
      finalText: text,
      formerTexts: [],
      isForgotten: false,
      unsure: 0,
    }
    if (isKept) this.sent.push(sent)
    const { process } = from
    // A message that is revised while it is being sealed is the interesting one.
    if (random.chance(0.3)) schedule.after(random.below(12), () => this.revise(sent))
    from.delivery
      .send({
        conversation: from.conversationWith(to),
        recipients: [to],
        kind: 'text',
        critical: true,
        body: utf8(text),
        priority: random.below(3),
        deadline,
      })
      .then(({ localId }) => {
        if (!from.isRunning || from.process !== process) return
        sent.localId = localId
        sent.acceptedAt = schedule.now
      })
      .catch((error: unknown) => onFailure(`send failed: ${String(error)}`))
  }

  /** Takes back or rewrites a message that may already be on its way. */
  revise(sent: Sent): void {
    const { from, localId } = sent
    const old = sent.finalText
    if (localId === undefined || !from.isRunning || old === undefined || sent.isForgotten) return
    const { process } = from
    const answered = (isDone: boolean, text?: string): void => {
      if (!from.isRunning || from.process !== process) return
      sent.unsure -= 1
      if (!isDone) return
      sent.formerTexts.push(old)
      sent.finalText = text
    }
    sent.unsure += 1
    if (this.#options.random.chance(0.5)) {
      void from.delivery.outbox.cancel(localId).then((outcome) => answered(outcome === 'cancelled'))
    } else {
      const text = this.#nextText()
      void from.delivery.outbox.edit(localId, utf8(text)).then((outcome) => answered(outcome === 'edited', text))
    }
  }

  /** The author is back at a time when it knew only these. */
  forget(author: SimNode, known: ReadonlySet<Sent>): void {
    for (const sent of this.sent) {
      if (sent.from !== author) continue
      if (!known.has(sent)) sent.isForgotten = true
      else if (sent.formerTexts.length > 0 || sent.finalText === undefined) sent.unsure += 1
    }
  }

  #nextText(): string {
    this.#texts += 1
    const padding = this.#options.hasLongTexts && this.#texts % 2 === 0 ? '.'.repeat(LONG_CHARS) : ''
    return `text ${this.#texts}${padding}`
  }
}
