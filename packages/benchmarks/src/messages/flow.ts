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
  /** Growth of resident memory, and of what JavaScript holds, both after a collection. */
  readonly senderMiBPer100k: number
  readonly receiverMiBPer100k: number
  readonly senderHeapMiBPer100k: number
  readonly receiverHeapMiBPer100k: number
  /** In the measurement and in the warm-up before it. */
  readonly messages: number
}

/** How often the load goes through before it is measured: then code is compiled, and caches have the size that they keep. */
const WARM_UPS = 2

export async function measureFlow(flow: Flow, load: Load): Promise<FlowFigures> {
  let warmUp = 0
  for (let times = 0; times < WARM_UPS; times += 1)
    warmUp += figureOf(await flow.sender.ask('pour', loadNumbers(load)), 'messages')
  const before = await usages(flow)
  const poured = await flow.sender.ask('pour', loadNumbers(load))
  const after = await usages(flow)
  const messages = figureOf(poured, 'messages')
  const perMessage = (end: keyof Flow, figure: string) =>
    (figureOf(after[end], figure) - figureOf(before[end], figure)) / messages
  const growth = (end: keyof Flow, figure: string) => (perMessage(end, figure) / MIB) * 100_000
  return {
    perSecond: (messages / figureOf(poured, 'ms')) * 1000,
    senderMicros: perMessage('sender', 'cpuMicros'),
    receiverMicros: perMessage('receiver', 'cpuMicros'),
    senderMiBPer100k: growth('sender', 'rssBytes'),
    receiverMiBPer100k: growth('receiver', 'rssBytes'),
    senderHeapMiBPer100k: growth('sender', 'heapBytes'),
    receiverHeapMiBPer100k: growth('receiver', 'heapBytes'),
    messages: warmUp + messages,
  }
}

async function usages({ sender, receiver }: Flow): Promise<Readonly<Record<keyof Flow, Numbers>>> {
  return { sender: await sender.ask('usage'), receiver: await receiver.ask('usage') }
}
