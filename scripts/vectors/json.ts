/** What a vector file may hold. Byte strings inside a decoded value are `{hex}`, so that they cannot be taken for text. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }

export interface VectorFile {
  readonly about: string
  readonly entries: readonly { readonly kind: string; readonly [key: string]: Json }[]
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

/** A decoded value as JSON; what is undefined is left out. */
export function toJson(value: unknown): Json {
  if (value instanceof Uint8Array) return { hex: hex(value) }
  if (Array.isArray(value)) return value.map(toJson)
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter(([, member]) => member !== undefined)
    return Object.fromEntries(entries.map(([key, member]) => [key, toJson(member)]))
  }
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return value
  throw new TypeError(`a vector cannot hold a ${typeof value}`)
}
