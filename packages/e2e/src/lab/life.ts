import type { ProcessAsk, RunnerAnswer, RunnerReceived } from '#runner-protocol.ts'

/** A peer from one of its starts to the end that follows. */
export interface Life {
  /** Where it listens. Rejects when it ends before. */
  readonly ready: Promise<number>
  /** Rejects with GoneError when it ends before it answers. */
  ask(asked: ProcessAsk): Promise<RunnerAnswer>
  /** As a program ends that has nothing more to read. Rejects when it does not end well. */
  stop(): Promise<void>
}

export type OnReceived = (received: RunnerReceived) => void

/** The peer went away before it answered. */
export class GoneError extends Error {
  override readonly name = 'GoneError'
}
