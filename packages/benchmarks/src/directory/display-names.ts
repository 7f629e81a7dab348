// Names that look like names: two words of syllables, spread so that three letters in a row are as rare as in a large town.
const BEGINNINGS = 'b br c ch d dr f fl g gr h j k kl l m n p pr qu r s sch st t tr v w z'.split(' ')
const MIDDLES = 'a e i o u ai au ei ie oo'.split(' ')
const ENDINGS = ' ck l ll lm m n nd ng r rn rt s ss st t tz x'.split(' ')

/** The display name of the user of this number. */
export function displayName(number: number): string {
  const random = hashOf(number)
  const word = (salt: number) => syllable(random(salt)) + syllable(random(salt + 1)) + syllable(random(salt + 2))
  return `${word(1)} ${word(4)}`
}

function syllable(random: number): string {
  const begin = BEGINNINGS[random % BEGINNINGS.length] ?? ''
  const middle = MIDDLES[(random >>> 8) % MIDDLES.length] ?? ''
  return begin + middle + (ENDINGS[(random >>> 16) % ENDINGS.length] ?? '')
}

/** Mixes a number and a salt to 32 bits (the finalizer of MurmurHash3). */
function hashOf(number: number): (salt: number) => number {
  return (salt) => {
    let mixed = (Math.imul(number, 0x9e3779b1) + Math.imul(salt, 0x85ebca6b)) >>> 0
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b) >>> 0
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35) >>> 0
    return (mixed ^ (mixed >>> 16)) >>> 0
  }
}
