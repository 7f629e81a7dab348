import {
  CLOCK_SLACK_MS,
  DEFAULT_PAGE_USERS,
  KEEP_ALIVE_TIMEOUT_MS,
  MAX_BODY_BYTES,
  MAX_CHANGES_PER_FRAME,
  MAX_COMMIT_WORKS,
  MAX_DEVICES,
  MAX_DIRECTORY_CONNECTIONS,
  MAX_DISPLAY_NAME_CHARS,
  MAX_DROPPED_BODY_BYTES,
  MAX_ENDPOINTS,
  MAX_FEATURE_CHARS,
  MAX_FEATURES,
  MAX_HEADER_BYTES,
  MAX_JSON_DEPTH,
  MAX_JWS_CHARS,
  MAX_NAME_CHARS,
  MAX_ONE_TIME_PREKEYS,
  MAX_PAGE_USERS,
  MAX_PREKEY_BODY_BYTES,
  MAX_PRESENCE_BUFFERED_BYTES,
  MAX_PRESENCE_FRAME_BYTES,
  MAX_PRESENCE_SOCKETS,
  MAX_READY_ANSWER_BYTES,
  MAX_READY_ANSWERS,
  MAX_REVOKED_DEVICES,
  MAX_ROTATIONS,
  MAX_STATUS_TEXT_CHARS,
  MAX_UNAUTHENTICATED_SOCKETS,
  MAX_WAITING_PRESENCE_FRAMES,
  MAX_WAITING_WORKS,
  MAX_WATCH_NAMES_PER_FRAME,
  MAX_WATCHED_NAMES,
  NAME_RESERVATION_MS,
  PRESENCE_AUTH_TIMEOUT_MS,
  PRESENCE_CLOSE_TIMEOUT_MS,
  PRESENCE_DEAD_MS,
  PRESENCE_PING_MS,
  RECORD_LIFETIME_MS,
  REQUEST_HEADERS_TIMEOUT_MS,
  REQUEST_TIMEOUT_MS,
  STOP_TIMEOUT_MS,
} from '@parley/shared/limits.ts'

/** Limits of one directory: whoever runs it may choose others. */
const OWN_LIMITS = {
  MAX_DIRECTORY_CONNECTIONS,
  MAX_HEADER_BYTES,
  REQUEST_HEADERS_TIMEOUT_MS,
  REQUEST_TIMEOUT_MS,
  KEEP_ALIVE_TIMEOUT_MS,
  MAX_BODY_BYTES,
  MAX_PREKEY_BODY_BYTES,
  MAX_DROPPED_BODY_BYTES,
  MAX_JSON_DEPTH,
  STOP_TIMEOUT_MS,
  MAX_COMMIT_WORKS,
  MAX_WAITING_WORKS,
  MAX_READY_ANSWERS,
  MAX_READY_ANSWER_BYTES,
  MAX_PRESENCE_SOCKETS,
  MAX_UNAUTHENTICATED_SOCKETS,
  MAX_PRESENCE_FRAME_BYTES,
  MAX_WAITING_PRESENCE_FRAMES,
  MAX_PRESENCE_BUFFERED_BYTES,
  MAX_WATCHED_NAMES,
  PRESENCE_AUTH_TIMEOUT_MS,
  PRESENCE_CLOSE_TIMEOUT_MS,
  PRESENCE_PING_MS,
  PRESENCE_DEAD_MS,
}

/** Limits that peers count on too, or that what is stored already keeps: the same in every directory. */
const COMMON_LIMITS = {
  MAX_NAME_CHARS,
  MAX_DISPLAY_NAME_CHARS,
  MAX_STATUS_TEXT_CHARS,
  MAX_DEVICES,
  MAX_REVOKED_DEVICES,
  MAX_ROTATIONS,
  MAX_ENDPOINTS,
  MAX_FEATURES,
  MAX_FEATURE_CHARS,
  MAX_JWS_CHARS,
  RECORD_LIFETIME_MS,
  CLOCK_SLACK_MS,
  NAME_RESERVATION_MS,
  MAX_ONE_TIME_PREKEYS,
  MAX_PAGE_USERS,
  DEFAULT_PAGE_USERS,
  MAX_CHANGES_PER_FRAME,
  MAX_WATCH_NAMES_PER_FRAME,
}

export type LimitName = keyof typeof OWN_LIMITS
export type CommonLimitName = keyof typeof COMMON_LIMITS

/** The limits that one directory keeps, by the names they have in `shared/src/limits.ts`. */
export type DirectoryLimits = Readonly<Record<LimitName, number>>

export type LimitChanges = Partial<DirectoryLimits>

/** The defaults, with these changes. */
export function directoryLimits(changes: LimitChanges = {}): DirectoryLimits {
  return { ...OWN_LIMITS, ...changes }
}

/** Every maximum that strangers can meet at a directory with these limits. */
export function everyLimit(own: DirectoryLimits): Readonly<Record<LimitName | CommonLimitName, number>> {
  return { ...COMMON_LIMITS, ...own }
}

export const LIMIT_NAMES: readonly LimitName[] = Object.keys(OWN_LIMITS).filter(isLimitName)

export function isLimitName(name: string): name is LimitName {
  return Object.hasOwn(OWN_LIMITS, name)
}

export function isCommonLimitName(name: string): name is CommonLimitName {
  return Object.hasOwn(COMMON_LIMITS, name)
}
