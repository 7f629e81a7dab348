export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  readonly signal?: AbortSignal
}

/** What is read of an answer; a `Response` has it all. */
export interface HttpAnswer {
  readonly ok: boolean
  readonly status: number
  readonly headers: { get(name: string): string | null }
  text(): Promise<string>
  readonly body: { getReader(): BodyReader } | null
}

export interface BodyReader {
  read(): Promise<{ readonly done?: boolean | undefined; readonly value?: Uint8Array | undefined }>
  cancel(): Promise<void>
}

/** Makes one request, and follows no redirect: the token goes to this address and to no other. Rejects when nobody answers, or the signal aborts. */
export type Ask = (url: URL, request: HttpRequest) => Promise<HttpAnswer>

export const askByFetch: Ask = (url, request) =>
  // Nothing of the answer is kept.
  fetch(url, { ...request, redirect: 'error', credentials: 'omit', cache: 'no-store' })
