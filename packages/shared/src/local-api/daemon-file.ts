// How a client on this machine finds the daemon of a profile: two files in the profile, for its owner only.
import { z } from 'zod'

/** There while the daemon runs; left behind when it is killed. */
export const DAEMON_FILE = 'daemon.json'
/** Made once for each profile; remove it and start again for a new one. */
export const API_TOKEN_FILE = 'api-token'

/** 256 random bits, base64url. */
export const ApiToken = z
  .string()
  .regex(/^[A-Za-z0-9_-]{43}$/)
  .brand('ApiToken')
export type ApiToken = z.infer<typeof ApiToken>

/** Only ever this machine: a client sends its token there. */
export const LocalApiUrl = z.string().regex(/^http:\/\/(?:127\.0\.0\.1|\[::1\]):\d{1,5}$/)

export const DaemonFile = z.object({ url: LocalApiUrl, pid: z.int().positive(), startedAt: z.int() })
export type DaemonFile = z.infer<typeof DaemonFile>
