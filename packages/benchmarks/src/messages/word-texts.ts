// Texts of words as people write them: few are everywhere, and most are rare (Zipf). The same in every run.
import { MESSAGE_BYTES } from './flow.ts'

const VOCABULARY = 50_000
/** So many different texts, a prime, are written in turns. */
const TEXTS = 10_007
const MAX_UINT32 = 2 ** 32

let state = 1
function random(): number {
  // Numerical Recipes' generator: for texts it is good enough.
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
  return state / MAX_UINT32
}

/** The word of a rank, 2 to 9 letters, the shorter the more frequent. */
function wordOf(rank: number): string {
  let hash = Math.imul(rank, 2_654_435_761) >>> 0
  let word = ''
  for (let length = 2 + Math.round(Math.log10(rank) * 1.5); length > 0; length -= 1) {
    word += String.fromCharCode(97 + (hash % 26))
    hash = (Math.imul(hash, 48_271) + rank) >>> 0
  }
  return word
}

function textOf(): string {
  let text = ''
  while (text.length < MESSAGE_BYTES) text += `${wordOf(Math.ceil(VOCABULARY ** random()))} `
  return text.slice(0, MESSAGE_BYTES).trimEnd().padEnd(MESSAGE_BYTES, '.')
}

/** For so many messages. Takes up to a tenth of a second: whoever measures has them before. */
export function wordTexts(messages: number): readonly string[] {
  return Array.from({ length: Math.min(TEXTS, messages) }, textOf)
}
