import { randomBytes } from 'node:crypto'
import { link, open, readdir, rename, rm, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'

const UNFINISHED = /\.[0-9a-f]{12}\.tmp$/

/**
 * The whole text or nothing, on the disk when this resolves, readable by its owner only. Rejects with EEXIST when the file is
 * there already and is not to be replaced.
 */
export async function writePrivateFile(path: string, text: string, { replace }: { replace: boolean }): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`
  const file = await open(temporary, 'wx', 0o600)
  try {
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    if (replace) {
      await rename(temporary, path)
    } else {
      // rename() would replace what another process wrote a moment ago; link() is the atomic "only if absent".
      await link(temporary, path)
      await unlink(temporary)
    }
  } catch (error) {
    await unlink(temporary).catch(() => undefined)
    throw error
  }
  await syncDirectory(dirname(path))
}

/** What `writePrivateFile` leaves behind when it is killed; only while nobody writes in the directory. */
export async function removeUnfinished(directory: string): Promise<void> {
  for (const entry of await readdir(directory))
    if (UNFINISHED.test(entry)) await rm(join(directory, entry), { force: true })
}

/** The name of a new file is an entry of its directory, which needs an fsync of its own. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}
