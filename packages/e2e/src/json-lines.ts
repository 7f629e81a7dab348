import type { z } from 'zod'

/** Undefined for a line that is something else. */
export function readJson<T extends z.ZodType>(line: string, schema: T): z.infer<T> | undefined {
  try {
    return schema.safeParse(JSON.parse(line)).data
  } catch {
    return undefined
  }
}

/** A JSON object on each line, and nothing else. */
export function readLines<T extends z.ZodType>(text: string, schema: T): z.infer<T>[] {
  if (text === '') return []
  if (!text.endsWith('\n')) throw new Error(`the last line is cut off: ${text}`)
  return text
    .slice(0, -1)
    .split('\n')
    .map((line) => schema.parse(JSON.parse(line)))
}
