import { ApiError } from './api-error.ts'
import type { BodyReader } from './ask.ts'

/** The lines of a body as they come. Throws ApiError when the connection breaks. */
export async function* linesOf(
  body: { getReader(): BodyReader },
  signal: AbortSignal | undefined,
): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  const reader = body.getReader()
  let rest = ''
  try {
    for (;;) {
      const { value, done } = await reader.read().catch((error: unknown) => {
        throw signal?.aborted
          ? signal.reason
          : new ApiError('no-connection', 'the daemon stopped answering', { cause: error })
      })
      if (done) break
      const [first = '', ...others] = decoder.decode(value, { stream: true }).split('\n')
      rest += first
      for (const other of others) {
        yield rest
        rest = other
      }
    }
    if (rest !== '') yield rest
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}
