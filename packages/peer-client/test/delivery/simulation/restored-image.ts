import Sqlite from 'better-sqlite3'

/**
 * What a new device has that goes on from a backup of another one: messages, contacts and devices, and nothing that belongs to the
 * old device's own sending: no ratchets, no cursors, no envelopes.
 */
export function restoredImage(image: Buffer): Buffer {
  const database = new Sqlite(image)
  for (const table of ['ratchets', 'curve_prekeys', 'opened_envelopes', 'envelope_ranges', 'envelopes', 'ciphertexts'])
    database.exec(`DELETE FROM ${table}`)
  for (const table of ['cursors', 'deliveries', 'reissues', 'withheld', 'deadlines'])
    database.exec(`DELETE FROM ${table}`)
  for (const table of ['search_runs', 'search_changes', 'search_days']) database.exec(`DELETE FROM ${table}`)
  database.exec("INSERT INTO message_words (message_words) VALUES ('delete-all')")
  // What was its own is somebody else's now.
  database.exec('UPDATE streams SET frozen_to = up_to')
  database.exec(
    'UPDATE devices SET generation = 0, must_renew = 0, latest_opened = NULL, vouched_latest = NULL, proved_at = NULL',
  )
  const copy = database.serialize()
  database.close()
  return copy
}
