import { z } from 'zod'
import { Status } from '#directory-api/users.ts'
import { Jws } from '#signed/jws.ts'

/** `POST /v1/users/{name}/heartbeat` */
export const PostHeartbeat = z.strictObject({
  heartbeat: Jws.describe('A Heartbeat, signed by the device key; its `n` must be above that of the last one.'),
})

/** What the heartbeat did, told to the device that signed it. */
export const HeartbeatAnswer = z.object({
  status: Status.describe('Of the account: online while any of its devices is.'),
  onlineUntil: z
    .int()
    .optional()
    .describe('Unix milliseconds by the clock of the directory; this device counts as here until then.'),
  observedAddress: z.string().describe('Where this request came from.'),
})
export type HeartbeatAnswer = z.infer<typeof HeartbeatAnswer>
