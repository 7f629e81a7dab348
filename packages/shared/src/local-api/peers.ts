import { z } from 'zod'
import { MAX_TRAFFIC_SAMPLES } from '#limits.ts'
import { Verification } from '#local-api/trust.ts'

export const PeerState = z.discriminatedUnion('state', [
  z.object({
    state: z.literal('connected'),
    since: z.int(),
    address: z.string(),
    path: z.enum(['direct', 'relay']),
    roundTripMs: z.number().optional(),
    /** Bytes on this connection so far, inside TLS. */
    receivedBytes: z.int().optional(),
    sentBytes: z.int().optional(),
  }),
  z.object({ state: z.literal('connecting'), address: z.string().optional() }),
  z.object({ state: z.literal('waiting'), until: z.int(), lastError: z.string().optional() }),
  z.object({ state: z.literal('idle') }),
])
export type PeerState = z.infer<typeof PeerState>

/** One device of somebody I know. `GET /api/v1/peers`, `GET /peers`. */
export const PeerInfo = z.object({
  account: z.string(),
  name: z.string(),
  /** A directory vouches for the name; false when only the peer itself says so. */
  isNameVerified: z.boolean(),
  device: z.string(),
  link: PeerState,
  presence: z.enum(['online', 'offline', 'unknown']),
  /** Messages of mine that this account does not have yet. */
  waiting: z.int(),
  /** A key that the pinned one did not sign was presented: nothing is sent. */
  isKeyChanged: z.boolean(),
  verification: Verification,
})
export type PeerInfo = z.infer<typeof PeerInfo>

export const PeerList = z.object({ peers: z.array(PeerInfo) })
export type PeerList = z.infer<typeof PeerList>

const Bytes = { receivedBytes: z.int(), sentBytes: z.int() }

/** `GET /api/v1/traffic`: what went over all sessions, in the last minutes and since the start. */
export const Traffic = z.object({
  /** Since the start. */
  ...Bytes,
  /** Each sample is what came and went in so long. */
  everyMs: z.int(),
  /** Oldest first, at most MAX_TRAFFIC_SAMPLES. */
  samples: z.array(z.object(Bytes)).max(MAX_TRAFFIC_SAMPLES),
})
export type Traffic = z.infer<typeof Traffic>

/** `POST /api/v1/connect`: a name, or HOST:PORT. `POST /api/v1/disconnect`: a name or an account id. */
export const Target = z.strictObject({ target: z.string().min(1).max(256) })

/** `GET /api/v1/find?q=`: by IP address, or by name, display name and status text. */
export const FindQuery = z.strictObject({ q: z.string().min(1).max(64) })
export const FoundUser = z.object({
  name: z.string(),
  displayName: z.string(),
  account: z.string(),
  status: z.enum(['online', 'offline']),
  lastSeen: z.int().optional(),
  address: z.string().optional(),
  statusText: z.string().optional(),
  /** The name that was asked for; the account gave it up and has this one now. */
  movedFrom: z.string().optional(),
  /** You know somebody else by this name: the directory now says that it is this account. */
  isSomebodyElse: z.boolean().optional(),
})
export type FoundUser = z.infer<typeof FoundUser>
export const FoundUsers = z.object({ users: z.array(FoundUser) })
export type FoundUsers = z.infer<typeof FoundUsers>
