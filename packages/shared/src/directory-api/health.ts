import { z } from 'zod'

/** `GET /healthz`: the process answers. */
export const Health = z.object({ status: z.literal('ok') })
export type Health = z.infer<typeof Health>

/** `GET /readyz`: it would accept a write. */
export const Readiness = z.object({ status: z.literal('ready') })
export type Readiness = z.infer<typeof Readiness>
