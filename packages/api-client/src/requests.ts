// How calls are written as requests: paths, queries, headers.

/** Of the contact, or of something about it. */
export function contactPath(who: string, what?: string): string {
  return `/api/v1/contacts/${encodeURIComponent(who)}${what === undefined ? '' : `/${what}`}`
}

export function messagePath(id: string): string {
  return `/api/v1/messages/${encodeURIComponent(id)}`
}

export function cursorPath(name: string): string {
  return `/api/v1/cursors/${encodeURIComponent(name)}`
}

export function queryOf(fields: Readonly<Record<string, string | number | undefined>>): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) query.set(name, String(value))
  return query.size === 0 ? '' : `?${query.toString()}`
}

export function keyHeader(key: string | undefined): Record<string, string> {
  return key === undefined ? {} : { 'Idempotency-Key': key }
}
