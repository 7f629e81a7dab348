/** Why something of a stranger was refused or cut. A label of the metrics, so a word once given stays. */
const REASONS = [
  // Connections and requests that never became one.
  'connections',
  'tls-handshake',
  'not-http',
  'header-too-large',
  'request-timeout',
  'stalled-reader',
  'bad-upgrade',
  // One source.
  'sockets-per-source',
  'new-sockets-per-source',
  'rate-registration',
  'rate-lookup',
  'rate-search',
  'rate-write',
  'rate-watch',
  'rate-prekeys',
  // A directory that is not open to everybody.
  'registration-token',
  'allow-list',
  'read-only',
  // Bodies.
  'body-too-large',
  'bad-body',
  'unsupported-body',
  // Presence sockets.
  'presence-sockets',
  'unauthenticated-sockets',
  'unauthenticated-timeout',
  'bad-proof',
  'bad-frame',
  'frame-too-large',
  'frame-flood',
  'slow-reader',
  'dead-socket',
  // Writes.
  'write-queue-full',
  // Searches.
  'search-queue-full',
] as const

export type DropReason = (typeof REASONS)[number]

/** Counts, since the start, what was refused or cut to protect the directory. What a rule of the records refuses is not here. */
export class Drops {
  readonly #totals = new Map<DropReason, number>(REASONS.map((reason) => [reason, 0]))

  count(reason: DropReason): void {
    this.#totals.set(reason, (this.#totals.get(reason) ?? 0) + 1)
  }

  /** Every reason, also those that never happened. */
  totals(): ReadonlyMap<DropReason, number> {
    return new Map(this.#totals)
  }
}
