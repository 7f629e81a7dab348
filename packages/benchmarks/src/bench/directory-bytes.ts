import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** What the files of a directory have in bytes, without what lies deeper. */
export async function directoryBytes(directory: string): Promise<number> {
  const sizes = await Promise.all(
    (await readdir(directory)).map(async (file) => (await stat(join(directory, file))).size),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}
