import { MAX_JSON_DEPTH } from '#limits.ts'

/** Text that is not JSON, or JSON that two readers could understand differently. */
export class JsonError extends Error {
  override readonly name = 'JsonError'
  readonly code: 'not-json' | 'too-deep' | 'duplicate-key' | 'forbidden-key'
  constructor(code: JsonError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype'])

/**
 * `JSON.parse` for text from outside. RFC 8259 section 4 leaves open what a repeated key means, so it is refused here, as are
 * nesting beyond `maxDepth` and the keys that reach prototypes. Throws JsonError.
 */
export function parseStrictJson(text: string, maxDepth = MAX_JSON_DEPTH): unknown {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new JsonError('not-json', 'not valid JSON', { cause: error })
  }
  scan(text, maxDepth)
  return value
}

/** Walks text that is known to be JSON. */
function scan(text: string, maxDepth: number): void {
  // The keys of each container that is open; those of an array stay empty.
  const open: Set<string>[] = []
  for (let at = 0; at < text.length; at++) {
    switch (text.charAt(at)) {
      case '{':
      case '[':
        open.push(new Set())
        if (open.length > maxDepth) throw new JsonError('too-deep', `nested deeper than ${maxDepth}`)
        break
      case '}':
      case ']':
        open.pop()
        break
      case '"': {
        const end = endOfString(text, at)
        if (isKey(text, end)) addKey(open.at(-1), text.slice(at, end + 1))
        at = end
      }
    }
  }
}

function addKey(keys: Set<string> | undefined, quoted: string): void {
  const key = String(JSON.parse(quoted))
  if (FORBIDDEN_KEYS.has(key)) throw new JsonError('forbidden-key', `the key ${key} is not allowed`)
  if (keys?.has(key)) throw new JsonError('duplicate-key', `a key occurs twice in one object: ${quoted.slice(0, 64)}`)
  keys?.add(key)
}

/** The index of the closing quote. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1)
  return end
}

function isEscaped(text: string, at: number): boolean {
  let backslashes = 0
  while (text[at - 1 - backslashes] === '\\') backslashes += 1
  return backslashes % 2 === 1
}

function isKey(text: string, end: number): boolean {
  let next = end + 1
  while (isSpace(text[next])) next += 1
  return text[next] === ':'
}

function isSpace(char: string | undefined): boolean {
  return char === ' ' || char === '\n' || char === '\r' || char === '\t'
}
