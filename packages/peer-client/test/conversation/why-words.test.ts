import type { MessageView } from '@parley/shared/local-api/messages.ts'
import { expect, test } from 'vitest'
import { type Situation, whyWords } from '#conversation/why-words.ts'

const NOW = 1_800_000_000_000
const MINUTE = 60_000

const MESSAGE: MessageView = {
  id: 'an id',
  account: 'an account',
  with: 'bob',
  direction: 'out',
  kind: 'text',
  text: 'hello',
  sentAt: NOW - 10 * MINUTE,
  storedAt: NOW - 10 * MINUTE,
  lamport: 1,
  state: 'queued',
  stateAt: NOW - 10 * MINUTE,
}
const CONNECTED = { state: 'connected', since: NOW, address: '192.0.2.7:8000', path: 'direct' } as const

function words(message: Partial<MessageView>, more: Partial<Situation> = {}): string {
  const { summary, next } = whyWords({
    message: { ...MESSAGE, ...message },
    link: { state: 'idle' },
    presence: { status: 'unknown' },
    isApart: false,
    isBlocked: false,
    ahead: 0,
    sealFailure: undefined,
    now: NOW,
    ...more,
  })
  return `${summary} ${next}`
}

const WAITS = 'The message waits here for bob. It is safe on this device.'
const DONE = 'Nothing more is to be done.'

test.each<[string, Partial<MessageView>, Partial<Situation>, string]>([
  ['connected', {}, { link: CONNECTED }, `${WAITS} bob is connected: it goes out now.`],
  [
    'behind others',
    {},
    { link: CONNECTED, ahead: 1_234 },
    `${WAITS} bob is connected. 1,234 messages go before it, and then it goes out.`,
  ],
  [
    'not to be encrypted',
    {},
    { link: CONNECTED, sealFailure: 'the device gave no prekeys in time' },
    `${WAITS} bob is connected, but nothing could be encrypted for that device: the device gave no prekeys in time. It is tried again within 5 min.`,
  ],
  [
    'being tried',
    {},
    { link: { state: 'connecting' } },
    `${WAITS} It goes out when bob is reached. A connection is being tried now.`,
  ],
  [
    'before the next try',
    {},
    {
      link: { state: 'waiting', until: NOW + 34_000, lastError: 'connection refused' },
      presence: { status: 'offline', lastSeen: NOW - 125 * MINUTE },
    },
    `${WAITS} It goes out when bob is reached. bob is offline: last seen 2 h 5 min ago. The next dial begins in 34 s. The last one failed: connection refused.`,
  ],
  [
    'before the first try',
    {},
    { presence: { status: 'offline' } },
    `${WAITS} It goes out when bob is reached. The directory does not see bob online. A try begins as soon as there is a sign of life.`,
  ],
  [
    'online and not reached',
    {},
    { link: { state: 'waiting', until: NOW - 1 }, presence: { status: 'online' } },
    `${WAITS} It goes out when bob is reached. The directory sees bob online. The next dial begins now.`,
  ],
  [
    'disconnected by the user',
    {},
    { isApart: true },
    `${WAITS} It goes out when bob is reached. You disconnected from bob, so nothing is tried. parley connect bob ends that.`,
  ],
  [
    'with a deadline',
    { deadline: NOW + 7 * MINUTE },
    { link: { state: 'connecting' } },
    `${WAITS} It goes out when bob is reached. A connection is being tried now. If that takes longer than 7 min, it is not sent at all.`,
  ],
  [
    'without a device',
    { hold: 'no-device-known' },
    {},
    `${WAITS} No device of bob is known yet. It goes out when the directory names one, or bob connects.`,
  ],
  [
    'not accepted',
    { hold: 'awaiting-acceptance' },
    {},
    `${WAITS} bob has not accepted you yet. It goes out after that.`,
  ],
  [
    'an edit',
    { kind: 'edit', about: 'x' },
    { link: CONNECTED },
    'The change waits here for bob. It is safe on this device. bob is connected: it goes out now.',
  ],
])('queued, %s', (_, message, situation, expected) => {
  expect(words(message, situation)).toBe(expected)
})

test.each<[string, Partial<MessageView>, Partial<Situation>, string]>([
  [
    'held',
    { hold: 'blocked-key-change' },
    {},
    'The key of bob changed. The message is held here, and nothing was sent to the new key. Ask bob over another way whether the key is really new. ' +
      'If it is: parley accept-key bob. If not: parley accept-key bob --refuse.',
  ],
  [
    'sent, and connected',
    { state: 'sent', stateAt: NOW - 3_000 },
    { link: CONNECTED },
    'It was sent to bob 3 s ago and is not confirmed yet. It is safe here. bob is connected: the confirmation is awaited.',
  ],
  [
    'sent, and away',
    { state: 'sent', stateAt: NOW - 3_000 },
    { link: { state: 'waiting', until: NOW + 500 } },
    'It was sent to bob 3 s ago and is not confirmed yet. It is safe here. It is sent again, and counts once, as soon as bob is back. The next dial begins in 1 s.',
  ],
  [
    'delivered',
    { state: 'delivered', stateAt: NOW - 4 * MINUTE },
    {},
    `A device of bob stored this message 4 min ago, 6 min after you wrote it. ${DONE}`,
  ],
  ['read', { state: 'read' }, {}, `bob has read this message, as the device of bob says. ${DONE}`],
  [
    'cancelled',
    { state: 'cancelled', stateAt: NOW },
    {},
    `You took this message back just now, before it was sent. bob never gets it. ${DONE}`,
  ],
  [
    'expired',
    { state: 'expired' },
    {},
    'The time that you gave this message was over before it could reach bob. It was not sent. Send it again if it still matters: parley send bob …',
  ],
  [
    'refused',
    { state: 'refused', reason: 'key-change' },
    {},
    'The device of bob refused this message: it does not trust your key (key-change). Compare your safety numbers. It is not sent again.',
  ],
  ['of bob', { direction: 'in', state: undefined }, {}, `bob wrote this. It is stored on this device. ${DONE}`],
  [
    'of another device of mine',
    { state: undefined },
    {},
    `Another device of yours wrote this to bob. It knows how far it came. ${DONE}`,
  ],
])('a message that is %s', (_, message, situation, expected) => {
  expect(words(message, situation)).toBe(expected)
})
