// Which tables of the database are in a backup. Whoever adds a table says here where it belongs; a test asks for it.

/** What only this device may have: copied to another one, it would break the encryption of messages, or be of no use. */
export const LEFT_OUT: ReadonlySet<string> = new Set([
  // Secret halves of keys, and the state of ratchets: two devices that go on from one state use a key twice.
  'ratchets',
  'curve_prekeys',
  'signed_prekeys',
  'kyber_prekeys',
  'used_base_keys',
  // What was sealed by those ratchets, and how far. The new device seals anew what did not arrive.
  'envelopes',
  'envelope_ranges',
  'ciphertexts',
  'cursors',
  'opened_envelopes',
  'withheld',
  'deadlines',
  // What was tried, for `why`: it was this device that tried.
  'attempts',
  // The index of words, which the new device builds for itself; FTS5 keeps it in tables of its own.
  'message_words',
  'message_words_data',
  'message_words_idx',
  'message_words_config',
  'search_runs',
  'search_changes',
  'search_days',
])

/** People, messages, and what became of them. */
export const KEPT: ReadonlySet<string> = new Set([
  'meta',
  'contacts',
  'contact_names',
  'contact_keys',
  'devices',
  'endpoints',
  'streams',
  'messages',
  'deliveries',
  'forks',
  'events',
  'idempotency',
  'revisions',
  'reactions',
  'readers',
  'read_marks',
  // Where messages stood before, and what is not shown or was never there.
  'reissues',
  'origins',
  'hidden',
  'quiet',
  'vacancies',
])
