import { type CommonLimitName, type DirectoryLimits, everyLimit, type LimitName } from './directory-limits.ts'

interface About {
  readonly unit: Unit
  /** What it bounds, for whoever runs a directory. */
  readonly purpose: string
}

type Unit = 'bytes' | 'characters' | 'ms' | 'levels' | 'count'

const ABOUT: Readonly<Record<LimitName | CommonLimitName, About>> = {
  MAX_REGISTRATIONS_PER_HOUR: { unit: 'count', purpose: 'new names from one source in an hour' },
  MAX_LOOKUPS_PER_MINUTE: { unit: 'count', purpose: 'questions after one name, from one source in a minute' },
  MAX_SEARCHES_PER_MINUTE: { unit: 'count', purpose: 'searches and listings from one source in a minute' },
  MAX_WRITES_PER_MINUTE: { unit: 'count', purpose: 'other signed requests from one source in a minute' },
  MAX_WATCHES_PER_MINUTE: { unit: 'count', purpose: 'names that one source begins to watch in a minute' },
  MAX_PREKEY_HANDOUTS_PER_HOUR: { unit: 'count', purpose: 'one-time prekeys of one device in an hour' },
  MAX_SOCKETS_PER_SOURCE: { unit: 'count', purpose: 'connections that one source holds open' },
  MAX_NEW_SOCKETS_PER_SECOND: { unit: 'count', purpose: 'connections that one source opens in a second' },
  MAX_RATE_KEYS: { unit: 'count', purpose: 'sources that one rate remembers' },
  MAX_DIRECTORY_CONNECTIONS: { unit: 'count', purpose: 'connections open at once' },
  MAX_HEADER_BYTES: { unit: 'bytes', purpose: 'header of a request' },
  TLS_HANDSHAKE_TIMEOUT_MS: { unit: 'ms', purpose: 'for the handshake of an https connection' },
  REQUEST_HEADERS_TIMEOUT_MS: { unit: 'ms', purpose: 'for the header of a request to arrive' },
  REQUEST_TIMEOUT_MS: { unit: 'ms', purpose: 'for a whole request to arrive' },
  KEEP_ALIVE_TIMEOUT_MS: { unit: 'ms', purpose: 'between two requests of one connection' },
  STALLED_TIMEOUT_MS: { unit: 'ms', purpose: 'without a byte moving, for instance to a reader that does not read' },
  MAX_BODY_BYTES: { unit: 'bytes', purpose: 'body of a request' },
  MAX_PREKEY_BODY_BYTES: { unit: 'bytes', purpose: 'body of an upload of prekeys' },
  MAX_DROPPED_BODY_BYTES: { unit: 'bytes', purpose: 'read and dropped of a body that is too large' },
  MAX_JSON_DEPTH: { unit: 'levels', purpose: 'nesting of a body' },
  STOP_TIMEOUT_MS: { unit: 'ms', purpose: 'for requests under way when the directory stops' },
  MAX_COMMIT_WORKS: { unit: 'count', purpose: 'writes in one transaction' },
  MAX_WAITING_WORKS: { unit: 'count', purpose: 'writes that wait for their transaction' },
  MAX_READY_ANSWERS: { unit: 'count', purpose: 'answers to lookups that are kept ready' },
  MAX_READY_ANSWER_BYTES: { unit: 'bytes', purpose: 'of those answers together' },
  MAX_WAITING_SEARCHES: { unit: 'count', purpose: 'searches inside of words that wait for their turn' },
  MAX_PRESENCE_SOCKETS: { unit: 'count', purpose: 'presence sockets open at once' },
  MAX_UNAUTHENTICATED_SOCKETS: { unit: 'count', purpose: 'of them before their device is known' },
  MAX_PRESENCE_FRAME_BYTES: { unit: 'bytes', purpose: 'frame of a presence socket' },
  MAX_WAITING_PRESENCE_FRAMES: { unit: 'count', purpose: 'frames of one socket that wait' },
  MAX_PRESENCE_BUFFERED_BYTES: { unit: 'bytes', purpose: 'unread by a slow presence socket' },
  MAX_WATCHED_NAMES: { unit: 'count', purpose: 'names that one presence socket watches' },
  PRESENCE_AUTH_TIMEOUT_MS: { unit: 'ms', purpose: 'for a presence socket to authenticate' },
  PRESENCE_CLOSE_TIMEOUT_MS: { unit: 'ms', purpose: 'from our close frame to the end' },
  PRESENCE_PING_MS: { unit: 'ms', purpose: 'between two pings of a presence socket' },
  PRESENCE_DEAD_MS: { unit: 'ms', purpose: 'of silence until a presence socket is given up' },
  EXPIRY_SWEEP_MS: { unit: 'ms', purpose: 'between two looks for records that have expired' },
  HEARTBEAT_ONLINE_MS: { unit: 'ms', purpose: 'that a device counts as here after a heartbeat' },
  HEARTBEAT_WRITE_MS: { unit: 'ms', purpose: 'that a heartbeat may be in memory only' },
  MAX_HEARTBEAT_DEVICES: { unit: 'count', purpose: 'devices whose heartbeats are remembered in memory' },
  MAX_NAME_CHARS: { unit: 'characters', purpose: 'name' },
  MAX_DISPLAY_NAME_CHARS: { unit: 'characters', purpose: 'display name' },
  MAX_STATUS_TEXT_CHARS: { unit: 'characters', purpose: 'status text' },
  MAX_DEVICES: { unit: 'count', purpose: 'devices of an account' },
  MAX_REVOKED_DEVICES: { unit: 'count', purpose: 'revoked devices that a record lists' },
  MAX_ROTATIONS: { unit: 'count', purpose: 'changes of an account key' },
  MAX_ENDPOINTS: { unit: 'count', purpose: 'endpoints of a device' },
  MAX_FEATURES: { unit: 'count', purpose: 'features of a device' },
  MAX_FEATURE_CHARS: { unit: 'characters', purpose: 'name of a feature' },
  MAX_JWS_CHARS: { unit: 'characters', purpose: 'signed object' },
  RECORD_LIFETIME_MS: { unit: 'ms', purpose: 'from now to the expiry of a record' },
  CLOCK_SLACK_MS: { unit: 'ms', purpose: 'that the clock of an owner may be ahead' },
  NAME_RESERVATION_MS: { unit: 'ms', purpose: 'that a name stays reserved after it was given up' },
  MAX_ONE_TIME_PREKEYS: { unit: 'count', purpose: 'one-time prekeys held for a device' },
  MAX_PAGE_USERS: { unit: 'count', purpose: 'users in one page' },
  DEFAULT_PAGE_USERS: { unit: 'count', purpose: 'users in a page that names no limit' },
  MAX_SEARCH_CHARS: { unit: 'characters', purpose: 'text of a search' },
  MAX_SEARCH_RESULTS: { unit: 'count', purpose: 'users in the answer to a search' },
  MAX_SEARCH_SCANNED: { unit: 'count', purpose: 'entries that a search looks at for each kind of beginning' },
  MAX_SEARCH_CANDIDATES: { unit: 'count', purpose: 'entries that a search inside of words looks at' },
  SEARCH_BUDGET_MS: { unit: 'ms', purpose: 'until a search inside of words answers with what it has' },
  MAX_INDEXED_WORDS: { unit: 'count', purpose: 'words of one user that are found by their beginning' },
  MAX_INDEXED_WORD_CHARS: { unit: 'characters', purpose: 'of each of them' },
  MAX_CHANGES_PER_FRAME: { unit: 'count', purpose: 'changes in one presence frame' },
  MAX_WATCH_NAMES_PER_FRAME: { unit: 'count', purpose: 'names in one watch frame' },
}

export function unitOf(name: LimitName): Unit {
  return ABOUT[name].unit
}

interface DescribedLimit extends About {
  readonly value: number
}

/** Every limit of a directory that keeps these, by its name. */
export function describeLimits(own: DirectoryLimits): ReadonlyMap<string, DescribedLimit> {
  const values = new Map(Object.entries(everyLimit(own)))
  return new Map(Object.entries(ABOUT).map(([name, about]) => [name, { value: values.get(name) ?? 0, ...about }]))
}

/** The same as aligned lines for people. */
export function limitLines(own: DirectoryLimits): string[] {
  const limits = [...describeLimits(own)]
  const widest = (texts: readonly string[]) => Math.max(...texts.map((text) => text.length))
  const names = widest(limits.map(([name]) => name))
  const values = widest(limits.map(([, { value }]) => String(value)))
  const units = widest(limits.map(([, { unit }]) => unit))
  return limits.map(
    ([name, { value, unit, purpose }]) =>
      `${name.padEnd(names)}  ${String(value).padStart(values)}  ${unit.padEnd(units)}  ${purpose}`,
  )
}
