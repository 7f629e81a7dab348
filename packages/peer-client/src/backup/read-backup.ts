import { open } from 'node:fs/promises'
import { ReadableStream } from 'node:stream/web'
import { MAX_BACKUP_LINE_BYTES } from '@parley/shared/limits.ts'
import { systemErrorCode } from '@parley/shared/system-error.ts'
import { Decrypter } from 'age-encryption'
import type { z } from 'zod'
import { BackupError } from './backup-error.ts'
import { Header, type Part, readPart, SavedIdentity } from './backup-format.ts'

export interface OpenBackup {
  readonly header: Header
  readonly identity: SavedIdentity
  /** Ends with the part `end`, or rejects: until then nothing of it may be believed to be all. */
  readonly parts: AsyncIterable<Part>
}

/** Reads as far as the header. Rejects with BackupError; so does iterating over the parts. */
export async function openBackup(file: string, passphrase: string): Promise<OpenBackup> {
  const lines = linesOf(await decrypted(file, passphrase))
  const read = async <T>(schema: z.ZodType<T>): Promise<T> => {
    const next = await lines.next()
    if (next.done === true) throw new BackupError('damaged-backup', `${file} ends before it has begun`)
    return schema.parse(JSON.parse(next.value))
  }
  try {
    return { header: await read(Header), identity: await read(SavedIdentity), parts: partsOf(file, lines) }
  } catch (error) {
    throw asBackupError(file, error)
  }
}

async function* partsOf(file: string, lines: AsyncGenerator<string>): AsyncGenerator<Part> {
  try {
    let isComplete = false
    for await (const line of lines) {
      const part = readPart(line)
      if (isComplete) throw new SyntaxError('something follows on the end')
      isComplete = part.kind === 'end'
      yield part
    }
    if (!isComplete) throw new SyntaxError('its end is missing')
  } catch (error) {
    throw asBackupError(file, error)
  }
}

async function decrypted(file: string, passphrase: string): Promise<ReadableStream<Uint8Array>> {
  const decrypter = new Decrypter()
  decrypter.addPassphrase(passphrase.normalize('NFC'))
  try {
    return await decrypter.decrypt(ReadableStream.from(chunksOf(file)))
  } catch (error) {
    if (systemErrorCode(error) !== undefined) throw error
    if (error instanceof Error && /no identity matched/.test(error.message)) {
      throw new BackupError('wrong-passphrase', `this is not the passphrase of ${file}; nothing was changed`, {
        cause: error,
      })
    }
    throw new BackupError('not-a-backup', `${file} is not a backup of Parley, or its beginning is damaged`, {
      cause: error,
    })
  }
}

/** Of some size that suits a disk. */
const CHUNK_BYTES = 256 * 1024

async function* chunksOf(file: string): AsyncGenerator<Uint8Array> {
  await using handle = await open(file)
  for (;;) {
    const { bytesRead, buffer } = await handle.read({ buffer: Buffer.allocUnsafe(CHUNK_BYTES) })
    if (bytesRead === 0) return
    yield buffer.subarray(0, bytesRead)
  }
}

async function* linesOf(bytes: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let waiting: Buffer[] = []
  let size = 0
  for await (const chunk of bytes) {
    let rest = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    for (let end = rest.indexOf(NEWLINE); end !== -1; end = rest.indexOf(NEWLINE)) {
      yield Buffer.concat([...waiting, rest.subarray(0, end)]).toString('utf8')
      waiting = []
      size = 0
      rest = rest.subarray(end + 1)
    }
    size += rest.length
    if (size > MAX_BACKUP_LINE_BYTES) throw new SyntaxError('a line is too long')
    waiting.push(rest)
  }
  if (size > 0) throw new SyntaxError('its last line is cut off')
}

const NEWLINE = 0x0a

/** What the library, JSON and the schemas say of a file that is not as it was written. */
function asBackupError(file: string, error: unknown): unknown {
  if (error instanceof BackupError || systemErrorCode(error) !== undefined) return error
  return new BackupError(
    'damaged-backup',
    `${file} is cut off or was changed: nothing was restored. Take another copy of it`,
    { cause: error },
  )
}
