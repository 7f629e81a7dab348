import { isIP } from 'node:net'
import { z } from 'zod'

/** Networks as `10.0.0.0/8`, or single addresses: a list of texts, or one text with commas or spaces between them. */
export function networks() {
  return z.preprocess(
    (given) => (typeof given === 'string' ? given.split(/[\s,]+/).filter((text) => text !== '') : given),
    z.array(network(), { error: 'networks are expected, as 10.0.0.0/8' }),
  )
}

function network() {
  return z.string({ error: 'a network is expected, as 10.0.0.0/8' }).transform((text, context) => {
    const [address = '', bits, ...rest] = text.split('/')
    const family = isIP(address)
    const widest = family === 4 ? 32 : 128
    const refuse = (message: string) => {
      context.addIssue({ code: 'custom', message })
      return z.NEVER
    }
    if (family === 0 || address.includes('%') || rest.length > 0 || !/^\d{1,3}$/.test(bits ?? '0')) {
      return refuse(`"${text}" is no network; write it as 10.0.0.0/8`)
    }
    if (/^::ffff:/i.test(address)) return refuse(`write "${text}" as an IPv4 network`)
    const prefix = Number(bits ?? widest)
    if (prefix > widest) return refuse(`"${text}" has more than ${widest} bits`)
    if (prefix === 0)
      return refuse(`"${text}" is everybody, and what strangers say about themselves is not to be believed`)
    return text
  })
}
