// What a test and a peer-runner say to each other, one JSON object on each line: requests in, answers and news out.
import { MessageView } from '@parley/shared/local-api/messages.ts'
import { z } from 'zod'

/** How a runner ends when it cannot write any more, as the daemon does. */
export const DISK_FAILED = 74

export const RunnerOptions = z.strictObject({
  name: z.string(),
  profile: z.string(),
  directory: z.string().nullable(),
  /** By default 127.0.0.1 with a directory of this machine, and without one. */
  host: z.string().optional(),
  port: z.int().default(0),
  peers: z.array(z.string()).default([]),
  /** Where to go on telling what was received; by default what arrives from the start on. */
  after: z.string().optional(),
})
export type RunnerOptions = z.input<typeof RunnerOptions>

const id = z.int()

export const RunnerRequest = z.discriminatedUnion('do', [
  z.strictObject({ id, do: z.literal('send'), to: z.string(), text: z.string(), key: z.string() }),
  z.strictObject({ id, do: z.literal('connect'), target: z.string() }),
  z.strictObject({ id, do: z.literal('disconnect'), target: z.string() }),
  z.strictObject({ id, do: z.literal('status') }),
  /** Only for one that was started with a clock that can be set; how far it shall be from the true time. */
  z.strictObject({ id, do: z.literal('set-clock'), ms: z.int() }),
])
export type RunnerRequest = z.infer<typeof RunnerRequest>

type Unnumbered<R> = R extends RunnerRequest ? Omit<R, 'id'> : never
/** What the process is asked, before it has a number. */
export type ProcessAsk = Unnumbered<RunnerRequest>
/** What the peer in it is asked. */
export type RunnerAsk = Exclude<ProcessAsk, { do: 'set-clock' }>

export const RunnerStatus = z.object({
  /** Messages of its own that wait to be delivered. */
  pending: z.int(),
  /** Names of those to whom it holds a session. */
  connected: z.array(z.string()),
  /** Resident memory. */
  rssBytes: z.int(),
})
export type RunnerStatus = z.infer<typeof RunnerStatus>

const RunnerAnswer = z.object({ message: MessageView.optional(), status: RunnerStatus.optional() })
export type RunnerAnswer = z.infer<typeof RunnerAnswer>

const RunnerReceived = z.object({ from: z.string(), text: z.string(), cursor: z.string() })
export type RunnerReceived = z.infer<typeof RunnerReceived>

export const RunnerLine = z.discriminatedUnion('event', [
  z.object({ event: z.literal('ready'), port: z.int(), account: z.string() }),
  RunnerAnswer.extend({ event: z.literal('answer'), id }),
  z.object({ event: z.literal('failed'), id, reason: z.string() }),
  RunnerReceived.extend({ event: z.literal('received') }),
])
export type RunnerLine = z.infer<typeof RunnerLine>
