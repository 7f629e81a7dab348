import type { AccountId, DeviceKey, EnvelopeId } from '@parley/shared/ids.ts'
import { MAX_ENDPOINTS } from '@parley/shared/limits.ts'
import type { Statement } from 'better-sqlite3'
import type { Database } from './database.ts'

export interface DeviceRow {
  readonly device: DeviceKey
  readonly account: AccountId
  readonly signalIdentity: string
  readonly state: 'active' | 'dormant' | 'revoked'
  readonly generation: number
  readonly mustRenew: number
  /** The `latest` of its positions that is no proof against me; ANY_LATEST: the next one is not. */
  readonly vouchedLatest: string | null
  /** Unix milliseconds: when it last proved that this profile was rolled back. */
  readonly provedAt: number | null
}

export const ANY_LATEST = '*'

export interface KnownEndpoint {
  readonly transport: 'tcp'
  readonly host: string
  readonly port: number
}

const MAX_KEPT_ROWS = 1_024
const COLUMNS = `device, account, signal_identity AS signalIdentity, state, generation, must_renew AS mustRenew,
  vouched_latest AS vouchedLatest, proved_at AS provedAt`

/** Remote devices: contacts' and my own others, with what outlives a session of each. */
export class DevicesTable {
  readonly #database: Database
  readonly #rows = new Map<DeviceKey, DeviceRow>()
  readonly #upsert: Statement<[DeviceKey, AccountId, string, string, number]>
  readonly #get: Statement<[DeviceKey], DeviceRow>
  readonly #ofAccount: Statement<[AccountId], DeviceRow>
  readonly #certificate: Statement<[DeviceKey], { certificate: string }>
  readonly #setState: Statement<[DeviceRow['state'], DeviceKey]>
  readonly #renewed: Statement<[DeviceKey]>
  readonly #mustRenew: Statement<[DeviceKey]>
  readonly #vouch: Statement<[string, DeviceKey]>
  readonly #proved: Statement<[number, DeviceKey]>
  readonly #all: Statement<[], DeviceRow>
  readonly #unseen: Statement<[number], DeviceRow>
  readonly #opened: Statement<[EnvelopeId, DeviceKey]>
  readonly #latestOpened: Statement<[DeviceKey], { id: EnvelopeId | null }>
  readonly #seen: Statement<[number, DeviceKey]>
  readonly #addEndpoint: Statement<[DeviceKey, string, string, number, number]>
  readonly #outdateEndpoints: Statement<[number, DeviceKey, number]>
  readonly #keepNewestEndpoints: Statement<[DeviceKey, DeviceKey, number]>
  readonly #endpoints: Statement<[DeviceKey, number], KnownEndpoint>

  constructor(database: Database) {
    this.#database = database
    this.#upsert = database.prepare(
      `INSERT INTO devices (device, account, certificate, signal_identity, state, first_seen_at) VALUES (?, ?, ?, ?, 'active', ?)
       ON CONFLICT (device) DO UPDATE SET certificate = excluded.certificate, signal_identity = excluded.signal_identity
       WHERE devices.account = excluded.account AND certificate <> excluded.certificate`,
    )
    this.#get = database.prepare(`SELECT ${COLUMNS} FROM devices WHERE device = ?`)
    this.#ofAccount = database.prepare(`SELECT ${COLUMNS} FROM devices WHERE account = ? ORDER BY device`)
    this.#certificate = database.prepare('SELECT certificate FROM devices WHERE device = ?')
    this.#setState = database.prepare('UPDATE devices SET state = ? WHERE device = ?')
    this.#renewed = database.prepare('UPDATE devices SET generation = generation + 1, must_renew = 0 WHERE device = ?')
    this.#mustRenew = database.prepare('UPDATE devices SET must_renew = 1 WHERE device = ?')
    this.#vouch = database.prepare('UPDATE devices SET vouched_latest = ? WHERE device = ?')
    this.#proved = database.prepare('UPDATE devices SET proved_at = ? WHERE device = ?')
    this.#all = database.prepare(`SELECT ${COLUMNS} FROM devices ORDER BY device`)
    this.#unseen = database.prepare(
      `SELECT ${COLUMNS} FROM devices WHERE state = 'active' AND coalesce(last_seen_at, first_seen_at) < ?`,
    )
    this.#opened = database.prepare('UPDATE devices SET latest_opened = ? WHERE device = ?')
    this.#latestOpened = database.prepare('SELECT latest_opened AS id FROM devices WHERE device = ?')
    this.#seen = database.prepare('UPDATE devices SET last_seen_at = ? WHERE device = ?')
    this.#addEndpoint = database.prepare(
      `INSERT INTO endpoints (device, transport, host, port, worked_at) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (device, transport, host, port) DO UPDATE SET worked_at = excluded.worked_at`,
    )
    this.#outdateEndpoints = database.prepare('UPDATE endpoints SET worked_at = ? WHERE device = ? AND worked_at > ?')
    this.#keepNewestEndpoints = database.prepare(
      `DELETE FROM endpoints WHERE device = ? AND worked_at <
       (SELECT worked_at FROM endpoints WHERE device = ? ORDER BY worked_at DESC LIMIT 1 OFFSET ?)`,
    )
    this.#endpoints = database.prepare(
      'SELECT transport, host, port FROM endpoints WHERE device = ? ORDER BY worked_at DESC LIMIT ?',
    )
  }

  /** A newer certificate replaces the one that is kept; the account of a device never changes. */
  upsert(
    device: { device: DeviceKey; account: AccountId; certificate: string; signalIdentity: string },
    at: number,
  ): void {
    this.#rows.delete(device.device)
    this.#upsert.run(device.device, device.account, device.certificate, device.signalIdentity, at)
  }

  /** Asked for several times with every envelope, so it is kept; but not what a transaction may still take back. */
  get(device: DeviceKey): DeviceRow | undefined {
    let row = this.#rows.get(device)
    if (row === undefined) {
      row = this.#get.get(device)
      if (row !== undefined && !this.#database.inTransaction) this.#keep(row)
    }
    return row
  }

  /** Its row was deleted. */
  forgotten(device: DeviceKey): void {
    this.#rows.delete(device)
  }

  #keep(row: DeviceRow): void {
    if (this.#rows.size >= MAX_KEPT_ROWS) this.#rows.clear()
    this.#rows.set(row.device, row)
  }

  /** As signed; it was verified before it was kept. */
  certificateOf(device: DeviceKey): string | undefined {
    return this.#certificate.get(device)?.certificate
  }

  ofAccount(account: AccountId): DeviceRow[] {
    return this.#ofAccount.all(account)
  }

  all(): DeviceRow[] {
    return this.#all.all()
  }

  /** Active ones without a session since `since`. */
  unseen(since: number): DeviceRow[] {
    return this.#unseen.all(since)
  }

  setVouchedLatest(device: DeviceKey, latest: EnvelopeId | typeof ANY_LATEST): void {
    this.#rows.delete(device)
    this.#vouch.run(latest, device)
  }

  setProved(device: DeviceKey, at: number): void {
    this.#rows.delete(device)
    this.#proved.run(at, device)
  }

  setState(device: DeviceKey, state: DeviceRow['state']): void {
    this.#rows.delete(device)
    this.#setState.run(state, device)
  }

  /** A new ratchet was begun towards it. */
  countGeneration(device: DeviceKey): void {
    this.#rows.delete(device)
    this.#renewed.run(device)
  }

  setMustRenew(device: DeviceKey): void {
    this.#rows.delete(device)
    this.#mustRenew.run(device)
  }

  setLatestOpened(device: DeviceKey, envelope: EnvelopeId): void {
    this.#opened.run(envelope, device)
  }

  latestOpened(device: DeviceKey): EnvelopeId | undefined {
    return this.#latestOpened.get(device)?.id ?? undefined
  }

  setSeen(device: DeviceKey, at: number): void {
    this.#seen.run(at, device)
  }

  /** It worked just now. Of each device the last MAX_ENDPOINTS that did are kept. */
  addEndpoint(device: DeviceKey, endpoint: KnownEndpoint, at: number): void {
    // What worked later than now did so before the clock was set back.
    this.#outdateEndpoints.run(at - 1, device, at - 1)
    this.#addEndpoint.run(device, endpoint.transport, endpoint.host, endpoint.port, at)
    this.#keepNewestEndpoints.run(device, device, MAX_ENDPOINTS - 1)
  }

  /** Those that worked, the latest first. */
  endpoints(device: DeviceKey, limit: number): KnownEndpoint[] {
    return this.#endpoints.all(device, limit)
  }
}
