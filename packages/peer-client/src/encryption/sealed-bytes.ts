// sealed = one byte, libsignal's message type (2 Whisper, 3 PreKey), then that message as libsignal serialises it
import {
  type CiphertextMessage,
  CiphertextMessageType,
  PreKeySignalMessage,
  SignalMessage,
} from '@signalapp/libsignal-client'
import { nativeBytes } from './native-bytes.ts'
import { RatchetError } from './ratchet-error.ts'

type Sealed =
  | { readonly kind: 'whisper'; readonly message: SignalMessage }
  | { readonly kind: 'prekey'; readonly message: PreKeySignalMessage }

export function encodeSealed(message: CiphertextMessage): Uint8Array {
  const serialized = message.serialize()
  const bytes = new Uint8Array(1 + serialized.length)
  bytes[0] = message.type()
  bytes.set(serialized, 1)
  return bytes
}

/** Throws RatchetError `malformed`. */
export function decodeSealed(bytes: Uint8Array): Sealed {
  const type = bytes[0]
  if (type !== CiphertextMessageType.Whisper && type !== CiphertextMessageType.PreKey) {
    throw new RatchetError('malformed', `sealed bytes of type ${type ?? 'none'} are not opened by this version`)
  }
  const serialized = nativeBytes(bytes.subarray(1))
  try {
    return type === CiphertextMessageType.Whisper
      ? { kind: 'whisper', message: SignalMessage.deserialize(serialized) }
      : { kind: 'prekey', message: PreKeySignalMessage.deserialize(serialized) }
  } catch (cause) {
    throw new RatchetError('malformed', 'the sealed bytes are not a message of their type', { cause })
  }
}
