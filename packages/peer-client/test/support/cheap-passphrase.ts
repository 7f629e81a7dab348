import type { PassphraseCost } from '#identity/passphrase.ts'

/** Guessed in no time: tests open many profiles. */
export const CHEAP: PassphraseCost = { memoryKib: 64, passes: 1, lanes: 1 }
