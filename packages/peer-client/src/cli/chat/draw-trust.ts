// The safety number; and, when another key is offered, both numbers and the decision.
import { printable } from '@parley/shared/terminal/printable.ts'
import { wrap } from '@parley/shared/terminal/text-width.ts'
import { span as timeSpan } from '@parley/shared/terminal/times.ts'
import { count } from '../message-words.ts'
import { BLANK, type Line, paragraph, span } from './lines.ts'
import type { Layer } from './state.ts'

export function trustLines(
  { partner, safety, change, isAsking }: Extract<Layer, { type: 'trust' }>,
  width: number,
  now: number,
): Line[] {
  const name = printable(partner.name)
  if (change !== undefined) {
    const { kind, known, offered, waiting } = change
    const what =
      kind === 'other-account'
        ? `The directory says that ${name} is another account now.`
        : `${name} shows a key that the known one did not sign.`
    const held = waiting === 0 ? 'Nothing waits.' : `${count(waiting, 'message')} ${waiting === 1 ? 'is' : 'are'} held.`
    return [
      ...paragraph(`${what} Nothing was sent to it. ${held}`, width, 'yellow'),
      BLANK,
      ...paragraph('The safety number with the key that you know:', width),
      ...digits(known.number, width),
      ...paragraph('With the key that is offered:', width),
      ...digits(offered.number, width),
      BLANK,
      ...(isAsking
        ? paragraph(
            `Whoever holds the new key will read what you write to ${name}. y accepts it, any other key goes back.`,
            width,
            'bold',
          )
        : paragraph(
            `Ask ${name} over another way which number they see. k keeps the key that you know, a accepts the new one.`,
            width,
          )),
    ]
  }
  if (safety === undefined) return [[span('   One moment.', 'dim')]]
  const { verification, verifiedAt } = safety
  const standing =
    verification === 'verified'
      ? `You compared it${verifiedAt === undefined ? '' : ` ${timeSpan(now - verifiedAt)} ago`}. f forgets that.`
      : `${verification === 'rotated-since' ? 'The number is new since you compared it. ' : ''}Are they the same? v remembers that you compared them.`
  return [
    ...paragraph(
      `As long as ${name} sees the same digits, nobody stands between you. Compare them face to face or on the phone.`,
      width,
    ),
    BLANK,
    ...digits(safety.number, width),
    BLANK,
    ...paragraph(standing, width, 'bold'),
  ]
}

function digits(number: string, width: number): Line[] {
  const groups = (number.match(/\d{5}/g) ?? []).join(' ')
  return wrap(groups, Math.min(DIGIT_COLUMNS, width - 3)).map((line) => [span('   '), span(line, 'bold')])
}

/** Four groups of five. */
const DIGIT_COLUMNS = 23
