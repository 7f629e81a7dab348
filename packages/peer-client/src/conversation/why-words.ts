// `why` in words: where a message is, and what happens next and when. Two sentences or three, for somebody who has never heard of a
// ratchet.
import type { MessageView } from '@parley/shared/local-api/messages.ts'
import type { PeerState } from '@parley/shared/local-api/peers.ts'
import { ago, span } from '@parley/shared/terminal/times.ts'

export interface Situation {
  readonly message: MessageView
  /** How the best line to the other side stands. */
  readonly link: PeerState
  /** What the directory says, as far as it says something. */
  readonly presence: { readonly status: 'online' | 'offline' | 'unknown'; readonly lastSeen?: number | undefined }
  /** The user disconnected from them. */
  readonly isApart: boolean
  readonly isBlocked: boolean
  /** My messages that go before this one and are not delivered either. */
  readonly ahead: number
  /** Why nothing could be sealed for them, when that was the last that was tried. */
  readonly sealFailure: string | undefined
  readonly now: number
}

export interface Words {
  /** Where it is. */
  readonly summary: string
  /** What happens next, and when, or what the user can do. */
  readonly next: string
}

const NOTHING = 'Nothing more is to be done.'

export function whyWords(situation: Situation): Words {
  const { message, now } = situation
  const { with: who, state, hold, stateAt = message.storedAt, about } = message
  if (message.direction === 'in') return { summary: `${who} wrote this. It is stored on this device.`, next: NOTHING }
  if (hold === 'blocked-key-change' && (state === 'queued' || state === 'sent')) {
    return {
      summary: `The key of ${who} changed. The message is held here, and nothing was sent to the new key.`,
      next:
        `Ask ${who} over another way whether the key is really new. If it is: parley accept-key ${who}. ` +
        `If not: parley accept-key ${who} --refuse.`,
    }
  }
  switch (state) {
    case 'read':
      return { summary: `${who} has read this message, as the device of ${who} says.`, next: NOTHING }
    case 'delivered': {
      const took = stateAt - message.storedAt
      const after = took >= 1_000 ? `, ${span(took)} after you wrote it` : ''
      return { summary: `A device of ${who} stored this message ${ago(stateAt, now)}${after}.`, next: NOTHING }
    }
    case 'cancelled':
      return {
        summary: `You took this message back ${ago(stateAt, now)}, before it was sent. ${who} never gets it.`,
        next: NOTHING,
      }
    case 'expired':
      return {
        summary: `The time that you gave this message was over before it could reach ${who}. It was not sent.`,
        next: `Send it again if it still matters: parley send ${who} …`,
      }
    case 'refused':
      return {
        summary: `The device of ${who} refused this message: ${refusalWords(message.reason)}.`,
        next: 'It is not sent again.',
      }
    case 'sent':
      return {
        summary: `It was sent to ${who} ${ago(stateAt, now)} and is not confirmed yet. It is safe here.`,
        next: sentNext(situation),
      }
    case undefined:
      return { summary: `Another device of yours wrote this to ${who}. It knows how far it came.`, next: NOTHING }
    case 'queued': {
      const what = about === undefined ? 'The message' : 'The change'
      return { summary: `${what} waits here for ${who}. It is safe on this device.`, next: queuedNext(situation) }
    }
  }
}

function sentNext(situation: Situation): string {
  const { message, link, isBlocked } = situation
  const who = message.with
  if (isBlocked) return `You blocked ${who}, so it is not sent again. parley unblock ${who} ends that.`
  if (link.state === 'connected') return `${who} is connected: the confirmation is awaited.`
  return `It is sent again, and counts once, as soon as ${who} is back. ${reachWords(situation)}`
}

function queuedNext(situation: Situation): string {
  const { message, link, ahead, sealFailure, isBlocked, now } = situation
  const { with: who, hold, deadline } = message
  const end =
    deadline === undefined
      ? ''
      : ` If that takes longer than ${span(Math.max(0, deadline - now))}, it is not sent at all.`
  if (isBlocked) return `You blocked ${who}, so nothing is sent. parley unblock ${who} ends that.${end}`
  if (hold === 'no-device-known')
    return `No device of ${who} is known yet. It goes out when the directory names one, or ${who} connects.${end}`
  if (hold === 'awaiting-acceptance') return `${who} has not accepted you yet. It goes out after that.${end}`
  if (link.state !== 'connected') return `It goes out when ${who} is reached. ${reachWords(situation)}${end}`
  if (sealFailure !== undefined)
    return `${who} is connected, but nothing could be encrypted for that device: ${sealFailure}. It is tried again within 5 min.${end}`
  if (ahead > 0) return `${who} is connected. ${messages(ahead)} before it, and then it goes out.${end}`
  return `${who} is connected: it goes out now.${end}`
}

/** Why they are not connected, and when that is tried again. */
function reachWords({ message, link, presence, isApart, now }: Situation): string {
  const who = message.with
  if (isApart) return `You disconnected from ${who}, so nothing is tried. parley connect ${who} ends that.`
  if (link.state === 'connecting') return 'A connection is being tried now.'
  const seen = presenceWords(who, presence, now)
  if (link.state !== 'waiting') return `${seen}A try begins as soon as there is a sign of life.`.trim()
  const reason = link.lastError === undefined ? '' : ` The last one failed: ${link.lastError}.`
  const ms = link.until - now
  return `${seen}${ms > 0 ? `The next dial begins in ${span(Math.max(1_000, ms))}.` : 'The next dial begins now.'}${reason}`
}

function presenceWords(who: string, { status, lastSeen }: Situation['presence'], now: number): string {
  if (status === 'unknown') return ''
  if (status === 'online') return `The directory sees ${who} online. `
  return lastSeen === undefined
    ? `The directory does not see ${who} online. `
    : `${who} is offline: last seen ${ago(lastSeen, now)}. `
}

function refusalWords(code: string | undefined): string {
  switch (code) {
    case undefined:
      return 'it gave no reason'
    case 'blocked':
      return 'it takes nothing from you (blocked)'
    case 'key-change':
      return 'it does not trust your key (key-change). Compare your safety numbers'
    case 'unsupported':
      return 'it is of another version of Parley (unsupported)'
    case 'malformed':
    case 'wrong-conversation':
      return `it could make no sense of it (${code})`
    default:
      return code
  }
}

function messages(n: number): string {
  return n === 1 ? '1 message goes' : `${n.toLocaleString('en')} messages go`
}
