import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'

const DIRECTORY = new URL('../../../../docs/vectors/', import.meta.url)

/** Bytes as a vector file writes them. */
export const Hex = z
  .string()
  .regex(/^(?:[0-9a-f]{2})*$/)
  .transform((text) => Buffer.from(text, 'hex'))

/** The entries of a file. Throws when there is one of a kind that `entry` does not know, or with a field more. */
export function readVectors<S extends z.ZodType>(file: string, entry: S): z.infer<S>[] {
  const text = readFileSync(new URL(file, DIRECTORY), 'utf8')
  const entries = z.strictObject({ about: z.string(), entries: z.array(entry).min(1) }).parse(JSON.parse(text)).entries
  return entries
}

export function vectorFiles(): string[] {
  return readdirSync(fileURLToPath(DIRECTORY))
    .filter((file) => file.endsWith('.json'))
    .sort()
}

const HexObject = z.strictObject({ hex: Hex })

/** A decoded value with its byte strings, which a file writes as `{hex}`. */
export function withBytes(value: unknown): unknown {
  const bytes = HexObject.safeParse(value)
  if (bytes.success) return bytes.data.hex
  if (Array.isArray(value)) return value.map(withBytes)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, withBytes(member)]))
}

/** The `code` of what `run` throws or rejects with; `shape` for an error of a schema. */
export async function errorOf(run: () => unknown): Promise<unknown> {
  try {
    await run()
  } catch (error) {
    if (error instanceof z.ZodError) return 'shape'
    if (error instanceof Error && 'code' in error) return error.code
    throw error
  }
  return 'none'
}
