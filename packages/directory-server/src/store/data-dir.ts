import { closeSync, fsyncSync, mkdirSync, openSync, statSync } from 'node:fs'
import { StoreError } from './store-error.ts'

const OTHERS = 0o077

/** Makes the directory (0700) when it is missing. Throws `unsafe-data-dir` when other users of the machine can enter it. */
export function prepareDataDir(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 })
  refuseWider(path)
}

/** Throws `unsafe-data-dir` when the file or directory is open to others, or belongs to somebody else. */
export function refuseWider(path: string): void {
  // Windows has no such modes; its profile directories are private by their access lists.
  if (process.getuid === undefined) return
  const { mode, uid } = statSync(path)
  if ((mode & OTHERS) !== 0) {
    throw new StoreError('unsafe-data-dir', `${path} is open to other users of this machine; run: chmod go-rwx ${path}`)
  }
  if (uid !== process.getuid()) {
    throw new StoreError('unsafe-data-dir', `${path} belongs to another user (uid ${uid})`)
  }
}

/** Creates an empty file that only we can read, unless it exists. */
export function touchPrivate(path: string): void {
  closeSync(openSync(path, 'a', 0o600))
}

/** Makes created and renamed names of a directory durable (fsync(2): the file's own fsync does not). */
export function syncDirectory(path: string): void {
  if (process.platform === 'win32') return
  const handle = openSync(path, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
