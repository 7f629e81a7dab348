// Writes docs/vectors: what a second implementation can be checked against. The same code gives the same bytes.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bodies } from './vectors/bodies.ts'
import { bundles } from './vectors/bundles.ts'
import { frames } from './vectors/frames.ts'
import { hashes } from './vectors/hashes.ts'
import { hostileFrames } from './vectors/hostile-frames.ts'
import { ids, names } from './vectors/ids.ts'
import type { VectorFile } from './vectors/json.ts'
import { messages } from './vectors/messages.ts'
import { refusedObjects } from './vectors/refused-objects.ts'
import { safetyNumbers } from './vectors/safety-numbers.ts'
import { sessions } from './vectors/sessions.ts'
import { signedObjects } from './vectors/signed-objects.ts'

export const VECTOR_DIRECTORY = fileURLToPath(new URL('../docs/vectors', import.meta.url))

const FILES: Readonly<Record<string, () => VectorFile | Promise<VectorFile>>> = {
  'ids.json': ids,
  'names.json': names,
  'hashes.json': hashes,
  'signed-objects.json': signedObjects,
  'refused-objects.json': refusedObjects,
  'messages.json': messages,
  'bodies.json': bodies,
  'bundles.json': bundles,
  'frames.json': frames,
  'hostile-frames.json': hostileFrames,
  'sessions.json': sessions,
  'safety-numbers.json': safetyNumbers,
}

/** The text of each file, by name. */
export async function makeVectors(): Promise<Map<string, string>> {
  const texts = new Map<string, string>()
  for (const [name, make] of Object.entries(FILES))
    texts.set(name, `${asciiOf(JSON.stringify(await make(), null, 2))}\n`)
  return texts
}

/** Characters that look alike, or like nothing, are told apart by their escapes. */
function asciiOf(json: string): string {
  return json.replaceAll(/[^\n -~]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

if (import.meta.main) {
  mkdirSync(VECTOR_DIRECTORY, { recursive: true })
  for (const [name, text] of await makeVectors()) {
    writeFileSync(join(VECTOR_DIRECTORY, name), text)
    console.log(`${name}: ${text.length} characters`)
  }
}
