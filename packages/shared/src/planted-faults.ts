/**
 * Deliberate bugs, so that a test can show that it would notice them. Nothing but an import reaches this: tests, and the
 * peer process of the fault laboratory, which imports it before the peer. No flag, setting or environment variable of the
 * product does.
 */
export const FAULTS = [
  // Delivery, checked by its simulation.
  'no-compare-and-set',
  'confirm-by-envelope-id',
  'no-base-rule',
  'unlisted-streams-ignored',
  'cursor-jumps-on-reseal',
  'reseal-without-renewal',
  'retry-outside-lock',
  'superseded-fill-window',
  'duplicate-unanswered',
  'proof-against-cursor',
  'proof-closes-one-epoch',
  'no-origin',
  'counter-envelope-ids',
  'acknowledge-before-commit',
  'send-before-commit',
  'no-device-lock',
  'deduplicate-per-session',
  'order-by-wall-clock',
  'resend-by-reencryption',
  // Whole processes, checked by the fault laboratory.
  'synchronous-normal',
  'receipts-to-anyone',
  'pid-file-lock',
  'tickets-on',
  'no-tie-break',
  'auto-resend-on-key-change',
] as const
export type Fault = (typeof FAULTS)[number]

const planted = new Set<Fault>()

/** From here on this process has the bug. The returned function takes it out again. */
export function plant(fault: Fault): () => void {
  planted.add(fault)
  return () => planted.delete(fault)
}

/** Asked where the bug would be; costs one comparison when nothing is planted. */
export function isPlanted(fault: Fault): boolean {
  return planted.size > 0 && planted.has(fault)
}
