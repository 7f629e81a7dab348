// Every maximum that strangers can push against has its name here, with its unit in the name or beside it.
// Both programs print theirs with --print-limits; docs/ quote these numbers and no others.

const KIB = 1024
const MIB = 1024 * KIB

/** Names and profiles. */
export const MAX_NAME_CHARS = 32
export const MAX_DISPLAY_NAME_CHARS = 64
export const MAX_STATUS_TEXT_CHARS = 280

/** Account records and device statements. */
export const MAX_DEVICES = 8
export const MAX_REVOKED_DEVICES = 64
export const MAX_ROTATIONS = 8
export const MAX_ENDPOINTS = 8
export const MAX_FEATURES = 32
export const MAX_FEATURE_CHARS = 32
export const MAX_JWS_CHARS = 14 * KIB
export const RECORD_LIFETIME_MS = 365 * 24 * 60 * 60 * 1000
/** How far ahead of the directory's clock an owner's may be. */
export const CLOCK_SLACK_MS = 5 * 60_000
/** How often the directory looks for records that have expired. */
export const EXPIRY_SWEEP_MS = 60_000
export const NAME_RESERVATION_MS = 90 * 24 * 60 * 60 * 1000

/** Prekeys. A batch is one upload; the device refills when the directory holds fewer than the low mark. */
export const MAX_ONE_TIME_PREKEYS = 100
export const LOW_ONE_TIME_PREKEYS = 25
export const MAX_PREKEY_BODY_BYTES = 256 * KIB
/** A batch renews the signed and last-resort prekeys after this; a bundle for a peer may still carry them up to the age. */
export const SIGNED_PREKEY_ROTATION_MS = 7 * 24 * 60 * 60 * 1000
export const MAX_SIGNED_PREKEY_AGE_MS = 28 * 24 * 60 * 60 * 1000
/** Private halves are deleted this long after they were made, used or not. */
export const PREKEYS_KEPT_MS = 30 * 24 * 60 * 60 * 1000
/** Private halves of one-time prekeys that were handed out and not used yet. */
export const MAX_KEPT_ONE_TIME_PREKEYS = 1_000
/** Base keys that began a ratchet with a last-resort prekey, remembered against replay. */
export const MAX_USED_BASE_KEYS = 16_384

/** Ratchets. A device can inflate our record of it by skipping message keys; beyond half of this a new ratchet drops its predecessors. */
export const MAX_RATCHET_BYTES = 512 * KIB
/** Work that waits for the lock of one remote device. */
export const MAX_WAITING_FOR_DEVICE = 1_024

/** Moves from name to name that are followed. */
export const MAX_NAME_MOVES = 4

/** Directory, HTTP. */
export const MAX_BODY_BYTES = 16 * KIB
export const MAX_HEADER_BYTES = 8 * KIB
export const MAX_JSON_DEPTH = 16
/** What is read and dropped of a body that is too large, so that its sender can still hear the answer. */
export const MAX_DROPPED_BODY_BYTES = 1 * MIB
export const MAX_DIRECTORY_CONNECTIONS = 24_000
export const REQUEST_HEADERS_TIMEOUT_MS = 10_000
export const REQUEST_TIMEOUT_MS = 15_000
export const KEEP_ALIVE_TIMEOUT_MS = 5_000
/** A connection on which nothing moves, for instance because nobody reads the answer. */
export const STALLED_TIMEOUT_MS = 20_000
/** Requests that are under way get this long when the directory stops. */
export const STOP_TIMEOUT_MS = 10_000
export const MAX_PAGE_USERS = 200
export const DEFAULT_PAGE_USERS = 50

/** Answers to lookups that are kept ready, all and together in bytes. */
export const MAX_READY_ANSWERS = 128 * KIB
export const MAX_READY_ANSWER_BYTES = 256 * MIB
/** Directory, search. What was asked, and what is answered. */
export const MAX_SEARCH_CHARS = 64
export const MAX_SEARCH_RESULTS = 20
/** Searches that wait for the thread that looks inside of words. */
export const MAX_WAITING_SEARCHES = 64
/** Index entries that one search looks at, among those that begin as asked and among those that may contain it. */
export const MAX_SEARCH_SCANNED = 200
export const MAX_SEARCH_CANDIDATES = 2_000
/** After this a search inside of words answers with what it has found. */
export const SEARCH_BUDGET_MS = 1_000
/** Words of one user that are found by their beginning. */
export const MAX_INDEXED_WORDS = 96
export const MAX_INDEXED_WORD_CHARS = 32

/** Directory, how often. A source is an IPv4 address or an IPv6 /64; a bucket of so many tokens that fills up evenly in the time. */
export const MAX_REGISTRATIONS_PER_HOUR = 30
export const MAX_LOOKUPS_PER_MINUTE = 300
export const MAX_SEARCHES_PER_MINUTE = 60
export const MAX_WRITES_PER_MINUTE = 300
/** Names that are added to watch; as many as one source can watch over all its sockets. */
export const MAX_WATCHES_PER_MINUTE = 64_000
/** One-time prekeys of one device, whoever claims; beyond it the last-resort key answers. */
export const MAX_PREKEY_HANDOUTS_PER_HOUR = 30
export const MAX_SOCKETS_PER_SOURCE = 64
export const MAX_NEW_SOCKETS_PER_SECOND = 20
/** Sources, or devices, that one rate remembers. */
export const MAX_RATE_KEYS = 65_536

/** Directory, group commit: works in one transaction, and works that wait for theirs. */
export const MAX_COMMIT_WORKS = 1_000
export const MAX_WAITING_WORKS = 10_000

/** Directory, presence sockets. */
export const MAX_PRESENCE_FRAME_BYTES = 64 * KIB
export const MAX_PRESENCE_SOCKETS = 20_000
export const MAX_UNAUTHENTICATED_SOCKETS = 2_000
/** Frames of one socket that wait for the one before them. */
export const MAX_WAITING_PRESENCE_FRAMES = 32
export const MAX_CHANGES_PER_FRAME = 400
export const MAX_WATCHED_NAMES = 1_000
export const MAX_WATCH_NAMES_PER_FRAME = 200
export const MAX_PRESENCE_BUFFERED_BYTES = 1 * MIB
export const PRESENCE_AUTH_TIMEOUT_MS = 5_000
/** From our close frame to the end of the socket. */
export const PRESENCE_CLOSE_TIMEOUT_MS = 2_000
export const PRESENCE_PING_MS = 20_000
export const PRESENCE_DEAD_MS = 45_000

/** Directory, heartbeats of devices without a presence socket. */
export const HEARTBEAT_ONLINE_MS = 60_000
/** How long a heartbeat may be in memory only. */
export const HEARTBEAT_WRITE_MS = 1_000
export const MAX_HEARTBEAT_DEVICES = 100_000

/** Asking a directory. */
export const DIRECTORY_TIMEOUT_MS = 10_000
export const MAX_DIRECTORY_ANSWER_BYTES = 512 * KIB
export const MAX_DIRECTORY_LINKS = 4
/** How often a device looks unasked whether the directory still holds what it published, and how often at its prekeys when told. */
export const REGISTRATION_CHECK_MS = 24 * 60 * 60 * 1000
export const PREKEY_REFILL_MIN_MS = 60_000

/** Wire between peers. */
export const MAX_FRAME_BYTES = 256 * KIB
export const MAX_HELLO_BYTES = 4 * KIB
export const MAX_HELLO_ROTATIONS = 4
export const MAX_CBOR_DEPTH = 16
export const MAX_APP_BYTES = 192 * KIB
export const TLS_HANDSHAKE_TIMEOUT_MS = 5_000
export const HELLO_TIMEOUT_MS = 3_000
export const PING_MS = 30_000
export const DEAD_MS = 90_000
export const DRAIN_MS = 10_000
export const CROSSED_DIAL_WINDOW_MS = 5_000
/** Per device and purpose, while it is not yet told which one stays. */
export const MAX_HELD_SESSIONS = 8
/** How long a last word may take to leave, and how long sessions may drain when the program stops. */
export const BYE_MS = 1_000
export const STOP_DRAIN_MS = 2_000
/** What may wait unread towards us per session, and unsent from us before a session is cut. */
export const MAX_INBOUND_BYTES = 1 * MIB
export const MAX_OUTBOUND_BYTES = 8 * MIB
/** Unread in all sessions together; beyond it those with more than their share are read no further. */
export const MAX_INBOUND_TOTAL_BYTES = 64 * MIB

/** How often the bytes of all sessions are counted, and how many counts are kept: ten minutes. */
export const TRAFFIC_SAMPLE_MS = 5_000
export const MAX_TRAFFIC_SAMPLES = 120

/** Inbound links. */
export const MAX_INBOUND_LINKS = 256
export const MAX_PENDING_LINKS = 32
export const MAX_LINKS_PER_ADDRESS = 16
export const MAX_NEW_LINKS_PER_ADDRESS_PER_SECOND = 20
/** Addresses remembered for the rate. */
export const MAX_GATE_ADDRESSES = 4_096
/** What the owner keeps in blacklist.txt. */
export const MAX_BLACKLIST_ENTRIES = 65_536
export const MAX_BLACKLIST_BYTES = 4 * MIB

/** Dialling. */
export const DIAL_TIMEOUT_MS = 6_000
export const REDIAL_MIN_MS = 1_000
export const REDIAL_MAX_MS = 5 * 60_000
export const MAX_PARALLEL_DIALS = 32
/** Endpoints of one device that are dialled in a row before the next wait. */
export const MAX_DIALS_PER_TRY = 16
export const MAX_KEPT_DEVICES = 4_096
/** A session that ends sooner counts as a failed dial, so that one that never lasts is not redialled at once for ever. */
export const SESSION_SETTLED_MS = 10_000
/** A peer that asks for more patience gets this much. */
export const MAX_RETRY_AFTER_MS = 60 * 60_000
/** Addresses given by the user: some tries in quick succession, then back-off. */
export const MAX_FIXED_PEERS = 256
export const FIXED_PEER_QUICK_TRIES = 5
export const FIXED_PEER_QUICK_MS = 1_000

/** Messages and delivery. */
export const MAX_TEXT_BYTES = 64 * KIB
/** The body of a message: a text, and room to say which message it is about. */
export const MAX_CONTENT_BYTES = MAX_TEXT_BYTES + 256
export const MAX_MESSAGE_BYTES = 80 * KIB
/** Of a message that another one answers so much is shown with the answer. */
export const MAX_QUOTED_CHARS = 200
/** One emoji, in UTF-16 units: the longest there are, families and flags of regions, have half of it. */
export const MAX_EMOJI_CHARS = 32
/** Somebody writes: told at most so often, shown for so long after it was last heard, and heard at most so often. */
export const TYPING_TOLD_MS = 3_000
export const TYPING_SHOWN_MS = 6_000
export const TYPING_HEARD_MS = 1_000
/** Streams that one read receipt speaks of. */
export const MAX_READ_STREAMS = 64
/** Unix milliseconds that are a day for every calendar: to the end of the year 9999. */
export const MAX_MOMENT_MS = 253_402_300_799_999
/** How far ahead a deadline may be. */
export const MAX_DEADLINE_MS = 365 * 24 * 60 * 60 * 1000
export const MAX_PARENTS = 16
/** Positions of one stream. A position is kept as one integer together with the number of its stream. */
export const MAX_SEQ = 2 ** 32 - 1
export const MAX_BUNDLE_MESSAGES = 512
/** A bundle closes once it holds this much; a message above it travels alone. */
export const BUNDLE_CLOSE_BYTES = 64 * KIB
export const MAX_BUNDLE_BYTES = 192 * KIB
export const MAX_OPEN_ENVELOPES = 4
export const MAX_OPEN_ENVELOPE_BYTES = 1 * MIB
export const MAX_CLAIM_RANGES = 32
export const MAX_CLAIMS_PER_FRAME = 256
/** In one frame over all its claims: what is left out is only sealed again. */
export const MAX_CLAIM_RANGES_PER_FRAME = 1_024
/** Positions that arrived before their predecessor wait here, per stream. */
export const MAX_EARLY_MESSAGES = 8_192
/** Accounts that came to me and with whom nothing was exchanged; those that have been away for the longest are forgotten. */
export const MAX_STRANGERS = 1_000
/** Devices of one account that are known and not revoked. A directory lists MAX_DEVICES; without one nobody hears which are no more. */
export const MAX_KNOWN_DEVICES = 64
export const MAX_LAMPORT_JUMP = 2 ** 20
export const ENVELOPE_ID_KEPT_MS = 30 * 24 * 60 * 60 * 1000
export const MAX_ENVELOPE_IDS_PER_DEVICE = 1_000_000
export const MAX_FORKS_PER_DEVICE = 256
/** Of all devices of an account together, and of each other device of mine. */
export const MAX_STREAMS_PER_ACCOUNT = 4_096
/** Positions that say they repeat the same one, as a profile makes them that was set back: what is beyond is shown for itself. */
export const MAX_REPEATS = 64
export const RESEALS_BEFORE_BACKOFF = 3
export const RESEAL_MIN_MS = 1_000
export const RESEAL_MAX_MS = 5 * 60_000
/** A device without a session for this long is dormant: nothing stays sealed for it. */
export const DORMANT_AFTER_MS = 30 * 24 * 60 * 60 * 1000
/** One device makes a profile begin new epochs at most once in this. */
export const PROOF_INTERVAL_MS = 60 * 60_000
/** Messages past their deadline that one transaction ends. */
export const MAX_EXPIRIES_PER_COMMIT = 1_000
/** A deadline is looked at again after this at the latest, so that a clock that jumps is followed. */
export const DEADLINE_CHECK_MS = 60_000
/** How often it is looked for what is past its time; so much, at most, is held to have passed from one look to the next. */
export const TIDY_MS = 6 * 60 * 60_000
export const MAX_TIDY_STEP_MS = 2 * TIDY_MS
/** Two processes of one profile take turns so often, within so long: it was copied, and runs twice. */
export const CLONE_TURNS = 3
export const CLONE_WINDOW_MS = 10 * 60_000
/** Devices of which the last starts are remembered. */
export const MAX_WATCHED_BOOTS = 4_096
export const MAX_OUTBOX_MESSAGES = 10_000
export const MAX_OUTBOX_BYTES = 256 * MIB
/** Accepted messages that are kept in memory until they are sealed; others are read from the disk then. */
export const MAX_FRESH_BYTES = 4 * MIB
export const MAX_PREKEY_REQUESTS_PER_SESSION = 16
export const PREKEY_REQUEST_TIMEOUT_MS = 5_000
export const MAX_ATTEMPTS_PER_ACCOUNT = 1_000

/** Search. The beginning of a word by which it is found, and the shortest of a last word that is taken for one. */
export const MAX_SEARCH_WORD_CHARS = 64
export const MIN_SEARCH_PREFIX_CHARS = 2
export const MAX_SEARCH_QUERY_CHARS = 256
export const MAX_SEARCH_TERMS = 32
export const MAX_PAGE_HITS = 100
export const DEFAULT_PAGE_HITS = 20
/** Entries of the index that one search looks at; when they are used up, it answers with what it has and where to go on. */
export const MAX_HIT_CANDIDATES = 2_000
/** Searches that are under way at a time, most of them waiting: their thread does one after the other. It ends when there was none for so long. */
export const MAX_MESSAGE_SEARCHES = 32
export const MATCH_THREAD_IDLE_MS = 300_000
/** Of a text so much is shown around what was found. */
export const MAX_SNIPPET_CHARS = 160
/** Messages that one transaction indexes, and those that a search waits for; what is left of more is said with the answer. */
export const MAX_INDEXED_PER_COMMIT = 128
export const MAX_INDEXED_BEFORE_SEARCH = 2_000
/** The index waits until nothing happened for so long, or for so long in all. */
export const INDEX_QUIET_MS = 200
export const INDEX_DELAY_MS = 1_000

/** Passphrases. What is typed is spread over the key by argon2id at the cost of RFC 9106's second choice, above what OWASP asks for. */
export const MIN_PASSPHRASE_CHARS = 8
export const MAX_PASSPHRASE_CHARS = 1_024
export const PASSPHRASE_MEMORY_KIB = 64 * KIB
export const PASSPHRASE_PASSES = 3
export const PASSPHRASE_LANES = 4
/** What a profile from elsewhere may ask for: its passphrase is judged at the cost that is written beside its salt. */
export const MAX_PASSPHRASE_MEMORY_KIB = 1024 * KIB
export const MAX_PASSPHRASE_PASSES = 32
export const MAX_PASSPHRASE_LANES = 16

/** Backups. Base-2 logarithm of scrypt's N, as age itself has it: about a second, and 256 MiB. */
export const BACKUP_WORK_FACTOR = 18
/** Rows of a backup are written in lines of about so much, and a line is read that is no longer. */
export const MAX_BACKUP_BATCH_BYTES = 64 * KIB
export const MAX_BACKUP_LINE_BYTES = 4 * MIB

/** Ledger. What is found beyond this is counted, not listed. */
export const MAX_LEDGER_FINDINGS = 1_000

/** The daemon's log file; the one before it is kept too. */
export const MAX_LOG_FILE_BYTES = 8 * MIB

/** Local API. */
export const MAX_LOCAL_BODY_BYTES = 256 * KIB
/** Sixty digits with spaces as people group them, or what a camera read. */
export const MAX_SAFETY_PROOF_CHARS = 256
export const MAX_IDEMPOTENCY_KEY_CHARS = 128
export const IDEMPOTENCY_KEPT_MS = 24 * 60 * 60 * 1000
export const MAX_PAGE_MESSAGES = 500
export const MAX_PAGE_NOTES = 100
export const DEFAULT_PAGE_MESSAGES = 50
/** Of one conversation so many unread messages are counted; who has more has many. */
export const MAX_UNREAD_COUNTED = 1_000
/** Events that wait for one reader; a reader that falls further behind is cut off. */
export const MAX_EVENT_BACKLOG = 1_000
/** Messages that one request sends, or waits for. */
export const MAX_BATCH_MESSAGES = 256
/** Named cursors into what was received. */
export const MAX_READERS = 1_000
export const MAX_READER_NAME_CHARS = 64
export const MAX_WAIT_MS = 10 * 60_000
export const MAX_LOCAL_CONNECTIONS = 256
export const MAX_LOCAL_SOCKETS = 64
/** Frames of one client that wait for the one before them. */
export const MAX_WAITING_LOCAL_FRAMES = 32
/** Links that open the web app signed in: how long each is good, once, and how many there are at a time; the oldest goes first. */
export const SIGN_IN_CODE_TTL_MS = 10 * 60_000
export const MAX_SIGN_IN_CODES = 16
/** Unread by one client that listens; beyond it the client is cut off. */
export const MAX_LOCAL_BUFFERED_BYTES = 16 * MIB
export const LOCAL_AUTH_TIMEOUT_MS = 5_000
/** From our close frame to the end of the socket. */
export const LOCAL_CLOSE_TIMEOUT_MS = 2_000
/** A client that lost the events of its daemon asks again after this. */
export const EVENTS_RETRY_MIN_MS = 250
export const EVENTS_RETRY_MAX_MS = 10_000
