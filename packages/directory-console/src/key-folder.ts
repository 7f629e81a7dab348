// DIR/<key of the directory>/<name>.json: the same name in two directories is two users. Folders 0700, files 0600; wider ones are
// refused and not mended, because somebody else may have read them already.
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type DirectoryKey, Name } from '@parley/shared/ids.ts'
import { systemErrorCode } from '@parley/shared/system-error.ts'
import { z } from 'zod'
import { ConsoleError } from '#console-error.ts'
import { type Accepted, OwnUser, OwnUserFile } from '#own-user.ts'

/** The keys that this console made, as files. All reject with ConsoleError `keys`. */
export class KeyFolder {
  readonly path: string

  constructor(path: string) {
    this.path = path
  }

  /** Names of the users at this directory, in order. */
  async names(directoryKey: DirectoryKey): Promise<Name[]> {
    const files = await readdir(join(this.path, directoryKey)).catch((error: unknown) => {
      if (systemErrorCode(error) === 'ENOENT') return []
      throw broken(this.path, error)
    })
    return files
      .filter((file) => file.endsWith('.json'))
      .flatMap((file) => Name.safeParse(file.slice(0, -'.json'.length)).data ?? [])
      .toSorted()
  }

  /** Undefined when there is none. */
  async load(directoryKey: DirectoryKey, name: Name): Promise<OwnUser | undefined> {
    const file = await this.#read(directoryKey, name)
    return file === undefined ? undefined : new OwnUser(file, directoryKey)
  }

  /** A new user, whose keys are on the disk when this resolves. */
  async make(directoryKey: DirectoryKey, name: Name): Promise<OwnUser> {
    const file = OwnUser.make(name)
    await this.#write(directoryKey, file)
    return new OwnUser(file, directoryKey)
  }

  /** What the directory accepted, to go on from there even after the name was given up. */
  async noteAccepted(directoryKey: DirectoryKey, name: Name, accepted: Accepted): Promise<void> {
    const file = await this.#read(directoryKey, name)
    if (file !== undefined) await this.#write(directoryKey, { ...file, accepted })
  }

  async remove(directoryKey: DirectoryKey, name: Name): Promise<void> {
    await rm(this.#file(directoryKey, name), { force: true })
  }

  #file(directoryKey: DirectoryKey, name: Name): string {
    return join(this.path, directoryKey, `${name}.json`)
  }

  async #read(directoryKey: DirectoryKey, name: Name): Promise<OwnUserFile | undefined> {
    const path = this.#file(directoryKey, name)
    try {
      await refuseWider(this.path)
      await refuseWider(path)
      return OwnUserFile.parse(JSON.parse(await readFile(path, 'utf8')))
    } catch (error) {
      if (systemErrorCode(error) === 'ENOENT') return undefined
      if (error instanceof SyntaxError || error instanceof z.ZodError) {
        throw new ConsoleError('keys', `${path} is damaged: restore it, or remove it and take another name.`, {
          cause: error,
        })
      }
      throw error instanceof ConsoleError ? error : broken(path, error)
    }
  }

  /** All of it or nothing, on the disk when it resolves. */
  async #write(directoryKey: DirectoryKey, content: OwnUserFile): Promise<void> {
    const path = this.#file(directoryKey, content.name)
    const temporary = `${path}.tmp`
    try {
      await mkdir(join(this.path, directoryKey), { recursive: true, mode: 0o700 })
      await refuseWider(this.path)
      const file = await open(temporary, 'w', 0o600)
      try {
        await file.writeFile(`${JSON.stringify(content, undefined, 2)}\n`)
        await file.sync()
      } finally {
        await file.close()
      }
      await rename(temporary, path)
    } catch (error) {
      throw error instanceof ConsoleError ? error : broken(path, error)
    }
  }
}

async function refuseWider(path: string): Promise<void> {
  const { mode, uid } = await stat(path)
  const me = process.getuid?.()
  if (me === undefined) return
  if (uid !== me) throw new ConsoleError('keys', `${path} belongs to another user; choose another folder with --keys.`)
  if ((mode & 0o077) === 0) return
  throw new ConsoleError('keys', `${path} is open to other users: chmod go= it, if nobody else has read it.`)
}

function broken(path: string, error: unknown): ConsoleError {
  return new ConsoleError('keys', `${path} cannot be used: ${systemErrorCode(error) ?? String(error)}.`, {
    cause: error,
  })
}
