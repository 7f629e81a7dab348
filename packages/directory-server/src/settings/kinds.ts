import { z } from 'zod'

// What a setting can be. Each kind reads the text of a flag or of the environment as well as the plain value of a YAML file.

export function text() {
  return z.string({ error: 'a text is expected' }).min(1, 'it must not be empty')
}

export function integer(min: number, max: number) {
  const error = `a whole number from ${min} to ${max} is expected`
  return z.preprocess(
    (given) => (typeof given === 'string' && /^-?\d{1,15}$/.test(given) ? Number(given) : given),
    z.int({ error }).min(min, error).max(max, error),
  )
}

export function choice<const T extends readonly string[]>(values: T) {
  return z.enum(values, { error: `one of these is expected: ${values.join(', ')}` })
}

const WORDS: ReadonlyMap<unknown, boolean> = new Map([
  ['on', true],
  ['true', true],
  ['yes', true],
  ['1', true],
  ['off', false],
  ['false', false],
  ['no', false],
  ['0', false],
])

/** On or off. On the command line its flag alone turns it on, and `--no-…` off. */
export function toggle() {
  return z.preprocess((given) => WORDS.get(given) ?? given, z.boolean({ error: 'on or off is expected' }))
}
