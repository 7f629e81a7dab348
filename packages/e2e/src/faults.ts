import type { Fault as AnyFault } from '@parley/shared/planted-faults.ts'
import { z } from 'zod'

/** The deliberate bugs that show only in real processes, so that the laboratory has to notice them. */
export const Fault = z.enum([
  'synchronous-normal',
  'pid-file-lock',
  'tickets-on',
  'no-tie-break',
] as const satisfies readonly AnyFault[])
export type Fault = z.infer<typeof Fault>
