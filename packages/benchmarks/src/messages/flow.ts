// Messages one way, pipelined: what the parent asks of both ends, the same for every contestant.
import type { Child } from '#bench/child.ts'
import { type Load, loadNumbers } from '#bench/load.ts'
import type { Numbers } from '#bench/note.ts'
import { figureOf } from '#bench/note.ts'

/** Bytes of each message. */
export const MESSAGE_BYTES = 200

const MIB = 1024 * 1024

export interface Flow {
  readonly sender: Child
  readonly receiver: Child
}

export interface FlowFigures {
  /** From the first send until the sender knows that the last one arrived. */
  readonly perSecond: number
  /** Processor time per message, in the processes of both ends. */
  readonly senderMicros: number
  readonly receiverMicros: number
  /** Growth of resident memory. */
  readonly senderMiBPer100k: number
  readonly receiverMiBPer100k: number
  /** In the measurement and in the warm-up before it. */
  readonly messages: number
}

/** The load twice, and the first time is not counted: code is compiled by then, and caches have the size that they keep. */
export async function measureFlow(flow: Flow, load: Load): Promise<FlowFigures> {
  const warmUp = await flow.sender.ask('pour', loadNumbers(load))
  const before = await usages(flow)
  const poured = await flow.sender.ask('pour', loadNumbers(load))
  const after = await usages(flow)
  const messages = figureOf(poured, 'messages')
  const perMessage = (end: keyof Flow) =>
    (figureOf(after[end], 'cpuMicros') - figureOf(before[end], 'cpuMicros')) / messages
  const growth = (end: keyof Flow) =>
    ((figureOf(after[end], 'rssBytes') - figureOf(before[end], 'rssBytes')) / MIB / messages) * 100_000
  return {
    perSecond: (messages / figureOf(poured, 'ms')) * 1000,
    senderMicros: perMessage('sender'),
    receiverMicros: perMessage('receiver'),
    senderMiBPer100k: growth('sender'),
    receiverMiBPer100k: growth('receiver'),
    messages: figureOf(warmUp, 'messages') + messages,
  }
}

async function usages({ sender, receiver }: Flow): Promise<Readonly<Record<keyof Flow, Numbers>>> {
  return { sender: await sender.ask('usage'), receiver: await receiver.ask('usage') }
}
