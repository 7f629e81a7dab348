// How long it takes to find messages by what they say.
import { setTimeout as delay } from 'node:timers/promises'
import type { Peer } from '@parley/peer-client'
import type { Numbers } from '#bench/note.ts'
import { quantile } from '#bench/statistics.ts'

const TEXTS_STRIDE = 389
const BEGINNING_CHARS = 3
const RETRY_MS = 50

const KINDS = {
  word: ([first = '']) => `"${first}"`,
  words: ([first = '', , , second = '']) => `${first} "${second}"`,
  phrase: ([first = '', second = '']) => `"${first} ${second}"`,
  beginning: (words) => (words.find(({ length }) => length >= BEGINNING_CHARS) ?? '').slice(0, BEGINNING_CHARS),
} as const satisfies Record<string, (words: readonly string[]) => string>

/** Resolves when the index has caught up with the messages; the time that took. */
export async function indexed(peer: Peer): Promise<Numbers> {
  const start = performance.now()
  while ((await peer.archive.search('word')).unindexed !== undefined) await delay(RETRY_MS)
  return { ms: performance.now() - start }
}

/** Words of texts that were written, alone, two of them, side by side, and the beginning of one: a page of each. */
export async function lookForWords(peer: Peer, looks: number, texts: readonly string[]): Promise<Numbers> {
  const numbers: Record<string, number> = {}
  for (const [kind, query] of Object.entries(KINDS)) {
    const samples: number[] = []
    for (let look = 0; look < looks; look += 1) {
      const words = (texts[(look * TEXTS_STRIDE) % texts.length] ?? '').split(' ')
      const start = performance.now()
      const { hits } = await peer.archive.search(query(words))
      samples.push((performance.now() - start) * 1000)
      if (hits.length === 0) throw new Error(`${query(words)} was written, and is not found`)
    }
    numbers[`${kind}P50Micros`] = quantile(samples, 0.5)
    numbers[`${kind}P99Micros`] = quantile(samples, 0.99)
  }
  return numbers
}
