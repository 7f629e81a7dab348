import { isArrayBuffer } from 'node:util/types'

/** libsignal reads bytes in place while it works on them; memory that other threads may write is copied first. */
export function nativeBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return isUnshared(bytes) ? bytes : new Uint8Array(bytes)
}

function isUnshared(bytes: Uint8Array): bytes is Uint8Array<ArrayBuffer> {
  return isArrayBuffer(bytes.buffer)
}
