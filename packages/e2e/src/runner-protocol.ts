// What a test and a peer-runner say to each other, one JSON object on each line: requests in, answers and news out.
import { MessageView } from '@parley/shared/local-api/messages.ts'
import { z } from 'zod'

export const RunnerOptions = z.strictObject({
  name: z.string(),
  profile: z.string(),
  directory: z.string().nullable(),
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
  /** Answered when nothing of mine waits to be delivered. */
  z.strictObject({ id, do: z.literal('settle') }),
])
export type RunnerRequest = z.infer<typeof RunnerRequest>

export const RunnerLine = z.discriminatedUnion('event', [
  z.object({ event: z.literal('ready'), port: z.int(), account: z.string() }),
  z.object({ event: z.literal('answer'), id, message: MessageView.optional() }),
  z.object({ event: z.literal('failed'), id, reason: z.string() }),
  z.object({ event: z.literal('received'), from: z.string(), text: z.string(), cursor: z.string() }),
])
export type RunnerLine = z.infer<typeof RunnerLine>
