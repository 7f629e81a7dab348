import type { Numbers } from './note.ts'

/** How much goes through a contestant: for so long, or so much. */
export type Load = { readonly seconds: number } | { readonly messages: number }

/** How often the clock is looked at. */
const LOOK_EVERY = 64

/** Of things that are done one by one: `usual`, or fewer when the load is that small. */
export function samplesOf(load: Load, usual: number): number {
  return 'messages' in load ? Math.min(usual, load.messages) : usual
}

/** As it is told to a child. */
export function loadNumbers(load: Load): Numbers {
  return { ...load }
}

/** A function that says for each message whether it is still to be sent; the time runs from here on. */
export function pace(
  { seconds, messages }: Numbers,
  now: () => number = performance.now.bind(performance),
): () => boolean {
  if (messages !== undefined) {
    let left = messages
    return () => left-- > 0
  }
  const end = now() + (seconds ?? 0) * 1000
  let count = 0
  let isOver = false
  return () => {
    if (count++ % LOOK_EVERY === 0) isOver ||= now() >= end
    return !isOver
  }
}
