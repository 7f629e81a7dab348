// The schema, one step after the other. A step that was released is never edited: databases that took it exist.
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

  -- Every accepted record and retirement, verbatim, in the order of acceptance.
  CREATE TABLE log (
    position INTEGER PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('record', 'retirement')),
    entry TEXT NOT NULL
  ) STRICT;
  CREATE TRIGGER log_keeps_entries BEFORE DELETE ON log BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
  CREATE TRIGGER log_keeps_texts BEFORE UPDATE ON log BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;

  -- One row for each account that ever held the name: its last seq is what keeps its old records from being replayed.
  CREATE TABLE users (
    name TEXT NOT NULL,
    account_id TEXT NOT NULL,
    account_key TEXT NOT NULL,
    seq INTEGER NOT NULL,
    digest TEXT NOT NULL,
    display_name TEXT NOT NULL,
    status_text TEXT,
    expires_at INTEGER NOT NULL,
    log_index INTEGER NOT NULL,
    retired_at INTEGER,
    moved_to TEXT,
    record TEXT NOT NULL,
    retirement TEXT,
    PRIMARY KEY (name, account_id)
  ) STRICT;
  CREATE UNIQUE INDEX users_holding ON users (name) WHERE retired_at IS NULL;
  CREATE INDEX users_by_account ON users (account_id) WHERE retired_at IS NULL;

  -- The devices of the records in force.
  CREATE TABLE devices (
    name TEXT NOT NULL,
    account_id TEXT NOT NULL,
    device_key TEXT NOT NULL,
    place INTEGER NOT NULL,
    PRIMARY KEY (name, device_key),
    FOREIGN KEY (name, account_id) REFERENCES users (name, account_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX devices_by_account ON devices (account_id, device_key);

  -- Nothing proves that a device agreed to be in a record, so what is a device's own is kept under account and device.
  CREATE TABLE statements (
    account_id TEXT NOT NULL,
    device_key TEXT NOT NULL,
    statement TEXT NOT NULL,
    PRIMARY KEY (account_id, device_key)
  ) STRICT;

  CREATE TABLE counters (
    account_id TEXT NOT NULL,
    device_key TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('statement', 'upload', 'claim')),
    n INTEGER NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (account_id, device_key, kind)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE prekey_batches (
    account_id TEXT NOT NULL,
    device_key TEXT NOT NULL,
    batch TEXT NOT NULL,
    PRIMARY KEY (account_id, device_key)
  ) STRICT;

  CREATE TABLE one_time_prekeys (
    position INTEGER PRIMARY KEY,
    account_id TEXT NOT NULL,
    device_key TEXT NOT NULL,
    curve_id INTEGER NOT NULL,
    kyber_id INTEGER NOT NULL,
    pair TEXT NOT NULL,
    UNIQUE (account_id, device_key, curve_id),
    UNIQUE (account_id, device_key, kyber_id)
  ) STRICT;

  CREATE TABLE sightings (
    account_id TEXT PRIMARY KEY,
    last_seen INTEGER,
    address TEXT
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX sightings_by_address ON sightings (address);
  `,
  `
  ALTER TABLE users ADD COLUMN hides_presence INTEGER NOT NULL DEFAULT 0;

  -- Those users who can be found by searching: what an answer tells of them, and the folded text by which they are found.
  CREATE TABLE search_entries (
    name TEXT PRIMARY KEY,
    id INTEGER NOT NULL UNIQUE,
    account_id TEXT NOT NULL,
    display_name TEXT NOT NULL,
    status_text TEXT,
    hides_presence INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    folded_display TEXT NOT NULL,
    folded_status TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX search_by_display ON search_entries (folded_display);
  CREATE INDEX search_by_expiry ON search_entries (expires_at);

  CREATE TABLE search_words (
    word TEXT NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (word, name)
  ) STRICT, WITHOUT ROWID;

  -- Which entries contain three characters in a row. Nothing of the text itself is kept here.
  CREATE VIRTUAL TABLE search_parts USING fts5 (
    text, content = '', columnsize = 0, detail = none, tokenize = 'trigram case_sensitive 1'
  );
  INSERT INTO search_parts (search_parts, rank) VALUES ('secure-delete', 1);

  -- The last number of each device's heartbeats. What it said then is forgotten.
  CREATE TABLE heartbeats (
    account_id TEXT NOT NULL,
    device_key TEXT NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (account_id, device_key)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- Who was seen where, in the order of names, so that a page of an address costs a page, however many share the address.
  -- Of those who hide their presence nothing is here.
  CREATE TABLE seen_at (
    address TEXT NOT NULL,
    name TEXT NOT NULL,
    account_id TEXT NOT NULL,
    PRIMARY KEY (address, name)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX seen_at_by_account ON seen_at (account_id);
  INSERT INTO seen_at (address, name, account_id)
    SELECT s.address, u.name, u.account_id FROM sightings s JOIN users u ON u.account_id = s.account_id
    WHERE s.address IS NOT NULL AND u.retired_at IS NULL AND u.hides_presence = 0;
  DROP INDEX sightings_by_address;
  `,
]
