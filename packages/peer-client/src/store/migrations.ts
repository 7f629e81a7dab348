// The schema, as numbered steps that only go forward. A released step is never changed: what follows is a step of its own.
// A message is a position of a stream, so (stream, seq) is its key everywhere.

const FIRST = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE contacts (
  account TEXT PRIMARY KEY,
  state TEXT NOT NULL CHECK (state IN ('stranger', 'requested', 'accepted', 'blocked')),
  account_key TEXT NOT NULL,               -- pinned on first use
  offered_key TEXT,                        -- a key that the pinned one did not sign: nothing goes out while it is there
  offered_as TEXT CHECK (offered_as IN ('other-account', 'other-chain')),
  display_name TEXT NOT NULL,
  added_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE contact_names (
  directory TEXT NOT NULL,                 -- audience of the directory that said so, '' for a name the peer gave itself
  name TEXT NOT NULL,
  account TEXT NOT NULL REFERENCES contacts,
  seen_at INTEGER NOT NULL,
  given_up INTEGER NOT NULL DEFAULT 0,     -- the account signed that it has another name there now
  PRIMARY KEY (directory, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX contact_names_account ON contact_names (account);

CREATE TABLE devices (
  device TEXT PRIMARY KEY,
  account TEXT NOT NULL,                   -- a contact's, or my own for my other devices
  certificate TEXT NOT NULL,
  signal_identity TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('active', 'dormant', 'revoked')),
  generation INTEGER NOT NULL DEFAULT 0,   -- counts the ratchets begun towards it
  must_renew INTEGER NOT NULL DEFAULT 0,   -- the ratchet in force failed: begin a new one before the next seal
  latest_opened TEXT,                      -- id of the last envelope opened from it
  first_seen_at INTEGER NOT NULL,
  last_seen_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX devices_account ON devices (account);

CREATE TABLE endpoints (
  device TEXT NOT NULL REFERENCES devices,
  transport TEXT NOT NULL,
  host TEXT NOT NULL,
  port INTEGER NOT NULL,
  worked_at INTEGER NOT NULL,              -- a session came up over it
  PRIMARY KEY (device, transport, host, port)
) STRICT, WITHOUT ROWID;

CREATE TABLE streams (
  id INTEGER PRIMARY KEY,
  tag TEXT NOT NULL UNIQUE,                -- random; the first half of the ids by which the API names its messages
  device TEXT NOT NULL,
  conversation TEXT NOT NULL,
  epoch TEXT NOT NULL,
  base INTEGER NOT NULL,                   -- first position meant for this device; 1 in my own streams
  up_to INTEGER NOT NULL,                  -- mine: the last accepted; theirs: the last without a gap
  frozen_to INTEGER NOT NULL,              -- mine: the last that was sealed for anybody; theirs: equal to up_to
  hash BLOB,                               -- of position up_to, null before the first
  closed INTEGER NOT NULL DEFAULT 0,
  follows TEXT,                            -- the closed epoch that this one goes on from
  UNIQUE (device, epoch)
) STRICT;
CREATE INDEX streams_conversation ON streams (conversation);

CREATE TABLE messages (                    -- theirs beyond up_to of their stream: early, not shown
  position INTEGER PRIMARY KEY,            -- stream << 32 | seq: what follows on a message lies behind it, and no index is needed
  lamport INTEGER NOT NULL,                -- rises along a stream, so that streams in order are merged and not sorted
  stored_at INTEGER NOT NULL,
  content_version INTEGER NOT NULL DEFAULT 1,
  bytes BLOB NOT NULL                      -- verbatim; mine may be revised above frozen_to of its stream, never below
) STRICT;

CREATE TABLE deliveries (                  -- ranges of positions that share a state; none overlap
  stream INTEGER NOT NULL REFERENCES streams,
  account TEXT NOT NULL,
  from_seq INTEGER NOT NULL,
  to_seq INTEGER NOT NULL,
  device TEXT,
  state TEXT NOT NULL CHECK (state IN ('queued', 'sent', 'delivered', 'read', 'cancelled', 'expired', 'refused')),
  hold TEXT CHECK (hold IN ('blocked-key-change', 'awaiting-acceptance', 'no-device-known')),
  reason TEXT,
  at INTEGER NOT NULL,                     -- when the state began; of queued positions: when the first was accepted
  PRIMARY KEY (stream, account, from_seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX deliveries_open ON deliveries (stream, account, from_seq) WHERE state IN ('queued', 'sent');

CREATE TABLE cursors (                     -- my streams, seen from each device that they are meant for
  stream INTEGER NOT NULL REFERENCES streams,
  device TEXT NOT NULL REFERENCES devices,
  base INTEGER NOT NULL,
  sealed_to INTEGER NOT NULL,              -- moves only from n to n + 1, by the commit that seals n + 1
  confirmed_to INTEGER NOT NULL,           -- a claim with my hash covers all up to here
  reseals INTEGER NOT NULL DEFAULT 0,      -- since confirmed_to last moved
  PRIMARY KEY (stream, device)
) STRICT, WITHOUT ROWID;
CREATE INDEX cursors_device ON cursors (device);

CREATE TABLE ciphertexts (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;

CREATE TABLE envelopes (
  n INTEGER PRIMARY KEY,                   -- in the order of sealing
  id TEXT NOT NULL UNIQUE,
  device TEXT NOT NULL REFERENCES devices,
  ciphertext INTEGER,                      -- null once the envelope has ended
  sealing TEXT NOT NULL,
  generation INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open', 'acked', 'superseded')),
  size INTEGER NOT NULL,
  path TEXT NOT NULL,                      -- the session that it was first written to
  sealed_at INTEGER NOT NULL,
  ended_at INTEGER
) STRICT;
CREATE INDEX envelopes_open ON envelopes (device, n) WHERE state = 'open';

CREATE TABLE envelope_ranges (
  stream INTEGER NOT NULL,
  envelope INTEGER NOT NULL REFERENCES envelopes ON DELETE CASCADE,
  from_seq INTEGER NOT NULL,
  to_seq INTEGER NOT NULL,
  PRIMARY KEY (envelope, stream, from_seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX envelope_ranges_stream ON envelope_ranges (stream, from_seq);

CREATE TABLE opened_envelopes (
  device TEXT NOT NULL,
  id TEXT NOT NULL,
  at INTEGER NOT NULL,
  refusal TEXT,                            -- null: acknowledged; else the code it was rejected with, for good
  PRIMARY KEY (device, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE forks (                       -- evidence: two contents for one position, or a chain that does not hold
  device TEXT NOT NULL,
  epoch TEXT NOT NULL,
  seq INTEGER NOT NULL,
  hash BLOB NOT NULL,
  bytes BLOB NOT NULL,
  seen_at INTEGER NOT NULL,
  PRIMARY KEY (device, epoch, seq, hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE attempts (
  id INTEGER PRIMARY KEY,
  account TEXT,
  device TEXT,
  envelope TEXT,
  what TEXT NOT NULL CHECK (what IN ('look-up', 'dial', 'seal', 'answer')),
  path TEXT,
  at INTEGER NOT NULL,
  outcome TEXT NOT NULL,                   -- 'ok' or a named error
  detail TEXT
) STRICT;
CREATE INDEX attempts_account ON attempts (account, id);
CREATE INDEX attempts_envelope ON attempts (envelope) WHERE envelope IS NOT NULL;

CREATE TABLE events (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL,
  at INTEGER NOT NULL,
  stream INTEGER,
  from_seq INTEGER,
  to_seq INTEGER,
  account TEXT,
  detail TEXT
) STRICT;

CREATE TABLE idempotency (
  key TEXT PRIMARY KEY,
  request BLOB NOT NULL,                   -- SHA-256 of what was asked
  local_id TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE ratchets (device TEXT PRIMARY KEY, record BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE curve_prekeys (id INTEGER PRIMARY KEY, record BLOB NOT NULL, made_at INTEGER NOT NULL) STRICT;
CREATE TABLE signed_prekeys (id INTEGER PRIMARY KEY, record BLOB NOT NULL, made_at INTEGER NOT NULL) STRICT;
CREATE TABLE kyber_prekeys (
  id INTEGER PRIMARY KEY,
  record BLOB NOT NULL,
  last_resort INTEGER NOT NULL,
  made_at INTEGER NOT NULL
) STRICT;
CREATE TABLE used_base_keys (              -- a last-resort key answers many, but each of them once
  kyber INTEGER NOT NULL,
  signed INTEGER NOT NULL,
  base_key BLOB NOT NULL,
  used_at INTEGER NOT NULL,
  PRIMARY KEY (kyber, signed, base_key)
) STRICT, WITHOUT ROWID;
`

const SAFETY_NUMBERS = `
ALTER TABLE contacts ADD COLUMN verified_key TEXT;     -- the key whose safety number the user compared
ALTER TABLE contacts ADD COLUMN verified_at INTEGER;
`

const REVISIONS = `
CREATE TABLE revisions (                   -- what is in force for a message: the latest edit of its author, or his deletion
  conversation TEXT NOT NULL,
  device TEXT NOT NULL,                    -- with epoch and seq the place of the message, which may be unknown here yet
  epoch TEXT NOT NULL,
  seq INTEGER NOT NULL,
  author TEXT NOT NULL,                    -- account that wrote the edit; counts when the message is its own
  kind TEXT NOT NULL CHECK (kind IN ('edit', 'delete')),
  lamport INTEGER NOT NULL,
  message_id BLOB NOT NULL,                -- of the edit: with its lamport value the order among edits, the same everywhere
  by_stream INTEGER NOT NULL,              -- where the edit stands
  by_seq INTEGER NOT NULL,
  PRIMARY KEY (conversation, device, epoch, seq, author)
) STRICT, WITHOUT ROWID;
`

const READERS = `
CREATE TABLE readers (                     -- named cursors into the events: who reads what others wrote, and how far
  name TEXT PRIMARY KEY,
  event INTEGER NOT NULL,
  seq INTEGER NOT NULL,                    -- a position inside of the range of the event
  moved_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`

const KEY_CHANGES = `
ALTER TABLE contacts ADD COLUMN offered_account TEXT;  -- whose key it is: another account's, when the name stands for that one now
ALTER TABLE contacts ADD COLUMN replaced_by TEXT;      -- the user said that this other account is the same person: what waits goes there
ALTER TABLE contact_names ADD COLUMN record_seq INTEGER NOT NULL DEFAULT 0;  -- of the newest record that was taken in
CREATE TABLE contact_keys (
  account TEXT NOT NULL REFERENCES contacts,
  account_key TEXT NOT NULL,
  past TEXT NOT NULL CHECK (past IN ('former', 'refused')),
  PRIMARY KEY (account, account_key)
) STRICT, WITHOUT ROWID;
`

const READ_MARKS = `
CREATE TABLE read_marks (                  -- how far somebody has read a stream: I those of others, they mine
  stream INTEGER NOT NULL REFERENCES streams,
  account TEXT NOT NULL,
  up_to INTEGER NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (stream, account)
) STRICT, WITHOUT ROWID;
`

/** Epochs that go on in others, positions without content, deadlines. Rows are rare in all of these tables. */
const EPOCHS = `
ALTER TABLE devices ADD COLUMN vouched_latest TEXT; -- the \`latest\` that proves nothing more; '*': whatever comes next is it
ALTER TABLE devices ADD COLUMN proved_at INTEGER;   -- it last proved that this profile was rolled back

CREATE TABLE reissues (                    -- positions of mine that went on in a new epoch
  from_stream INTEGER NOT NULL REFERENCES streams,
  from_seq INTEGER NOT NULL,
  stream INTEGER NOT NULL REFERENCES streams,
  seq INTEGER NOT NULL,
  PRIMARY KEY (from_stream, from_seq)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX reissues_place ON reissues (stream, seq);

CREATE TABLE origins (                     -- theirs: where the content of a position stood first, as its author says
  epoch TEXT NOT NULL,
  seq INTEGER NOT NULL,
  body_hash BLOB NOT NULL,
  stream INTEGER NOT NULL REFERENCES streams,
  at_seq INTEGER NOT NULL,
  PRIMARY KEY (epoch, seq, stream, at_seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE hidden (                      -- positions whose content is shown at another one
  stream INTEGER NOT NULL REFERENCES streams,
  seq INTEGER NOT NULL,
  PRIMARY KEY (stream, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE withheld (                    -- mine, frozen for others: the account gets the place and not the content
  stream INTEGER NOT NULL REFERENCES streams,
  account TEXT NOT NULL,
  seq INTEGER NOT NULL,
  reason TEXT NOT NULL CHECK (reason IN ('cancelled', 'expired')),
  PRIMARY KEY (stream, account, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE vacancies (                   -- theirs: positions that came without content
  stream INTEGER NOT NULL REFERENCES streams,
  seq INTEGER NOT NULL,
  hash BLOB NOT NULL,
  prev BLOB NOT NULL,
  reason TEXT NOT NULL CHECK (reason IN ('cancelled', 'expired')),
  PRIMARY KEY (stream, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE deadlines (                   -- mine: sealed by then, or not at all
  at INTEGER NOT NULL,
  stream INTEGER NOT NULL REFERENCES streams,
  seq INTEGER NOT NULL,
  PRIMARY KEY (at, stream, seq)
) STRICT, WITHOUT ROWID;
`

const REACTIONS = `
CREATE TABLE reactions (                   -- the latest of each account about each message
  conversation TEXT NOT NULL,
  device TEXT NOT NULL,                    -- with epoch and seq the place of the message, which may be unknown here yet
  epoch TEXT NOT NULL,
  seq INTEGER NOT NULL,
  author TEXT NOT NULL,                    -- account whose reaction it is
  lamport INTEGER NOT NULL,
  message_id BLOB NOT NULL,                -- of the reaction: with its lamport value the order, the same everywhere
  by_stream INTEGER NOT NULL,              -- where the reaction stands
  by_seq INTEGER NOT NULL,
  PRIMARY KEY (conversation, device, epoch, seq, author)
) STRICT, WITHOUT ROWID;
`

/** Notes of a conversation have a place among its messages: behind what came before them. */
const NOTES = `
ALTER TABLE events ADD COLUMN lamport INTEGER;      -- of notes alone: the value that this device had reached
UPDATE events SET lamport = coalesce(
  (SELECT m.lamport FROM events e JOIN messages m ON m.position = (e.stream << 32 | e.to_seq)
   WHERE e.id < events.id AND e.to_seq IS NOT NULL ORDER BY e.id DESC LIMIT 1), 0)
WHERE account IS NOT NULL AND kind IN ('key-changed', 'key-rotated', 'key-restored', 'key-accepted', 'key-refused',
  'ratchet-renewed', 'verified', 'unverified', 'rolled-back', 'new-epoch', 'profile-in-use');
CREATE INDEX events_notes ON events (account, lamport, id) WHERE lamport IS NOT NULL;
`

/** The index of words; what is in it is built up behind the messages, and after this step from nothing. */
const SEARCH = `
CREATE VIRTUAL TABLE message_words USING fts5 (text, stream, content = '', columnsize = 0, tokenize = 'ascii');
INSERT INTO message_words (message_words, rank) VALUES ('secure-delete', 1);

CREATE TABLE search_runs (                 -- which positions entries of the index stand for
  entry INTEGER PRIMARY KEY,               -- of the first; rising in the order of indexing
  position INTEGER NOT NULL UNIQUE,        -- stream << 32 | seq
  length INTEGER NOT NULL
) STRICT;

CREATE TABLE search_changes (              -- positions with an entry whose words are not simply their own
  position INTEGER PRIMARY KEY,
  text_at INTEGER,                         -- position of the edit whose words they are; null: no words
  is_due INTEGER NOT NULL                  -- what is shown there changed, and is to be indexed again
) STRICT;
CREATE INDEX search_changes_due ON search_changes (position) WHERE is_due = 1;

CREATE TABLE search_days (                 -- among which entries the messages of a day (UTC, since 1970) are
  day INTEGER PRIMARY KEY,
  first INTEGER NOT NULL,
  last INTEGER NOT NULL
) STRICT;
`

const NICKNAMES = `
ALTER TABLE contacts ADD COLUMN nickname TEXT;         -- what the user calls the contact
`

const QUIET = `
CREATE TABLE quiet (                       -- runs of positions of others that are no lines of a conversation
  stream INTEGER NOT NULL REFERENCES streams,
  from_seq INTEGER NOT NULL,
  to_seq INTEGER NOT NULL,
  PRIMARY KEY (stream, to_seq)
) STRICT, WITHOUT ROWID;
`

export const MIGRATIONS: readonly string[] = [
  FIRST,
  SAFETY_NUMBERS,
  REVISIONS,
  READERS,
  KEY_CHANGES,
  READ_MARKS,
  EPOCHS,
  REACTIONS,
  NOTES,
  SEARCH,
  NICKNAMES,
  QUIET,
]
