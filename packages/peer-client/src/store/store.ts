import type { AccountId, LocalMessageId } from '@parley/shared/ids.ts'
import { ENVELOPE_ID_KEPT_MS, IDEMPOTENCY_KEPT_MS } from '@parley/shared/limits.ts'
import { AttemptsTable } from './attempts-table.ts'
import { ContactKeysTable } from './contact-keys-table.ts'
import { ContactsTable } from './contacts-table.ts'
import { CursorsTable } from './cursors-table.ts'
import { type Database, openDatabase } from './database.ts'
import type { DatabaseKey } from './database-key.ts'
import { DeadlinesTable } from './deadlines-table.ts'
import { DeliveriesTable } from './deliveries-table.ts'
import { DevicesTable } from './devices-table.ts'
import { DisplayOrder } from './display-order.ts'
import { EnvelopesTable } from './envelopes-table.ts'
import { EventsTable } from './events-table.ts'
import { ForksTable } from './forks-table.ts'
import { GroupCommit } from './group-commit.ts'
import { HiddenTable } from './hidden-table.ts'
import { IdempotencyTable } from './idempotency-table.ts'
import { localIdOf } from './local-ids.ts'
import { MessagesTable } from './messages-table.ts'
import { MetaTable } from './meta-table.ts'
import { OpenedEnvelopesTable } from './opened-envelopes-table.ts'
import { OriginsTable } from './origins-table.ts'
import { QuietTable } from './quiet-table.ts'
import { ReactionsTable } from './reactions-table.ts'
import { ReadMarksTable } from './read-marks-table.ts'
import { ReadersTable } from './readers-table.ts'
import { type Place, ReissuesTable } from './reissues-table.ts'
import { RevisionsTable } from './revisions-table.ts'
import { SearchTable } from './search-table.ts'
import { StrangersTable } from './strangers-table.ts'
import { StreamsTable } from './streams-table.ts'
import { VacanciesTable } from './vacancies-table.ts'
import { WithheldTable } from './withheld-table.ts'

/** The open database of a profile: one table class each, and the one way to write to them. */
export class Store {
  readonly database: Database
  readonly commits: GroupCommit
  readonly meta: MetaTable
  readonly contacts: ContactsTable
  readonly contactKeys: ContactKeysTable
  readonly strangers: StrangersTable
  readonly devices: DevicesTable
  readonly streams: StreamsTable
  readonly messages: MessagesTable
  readonly displayOrder: DisplayOrder
  readonly search: SearchTable
  readonly reissues: ReissuesTable
  readonly origins: OriginsTable
  readonly hidden: HiddenTable
  readonly quiet: QuietTable
  readonly withheld: WithheldTable
  readonly vacancies: VacanciesTable
  readonly deadlines: DeadlinesTable
  readonly deliveries: DeliveriesTable
  readonly cursors: CursorsTable
  readonly envelopes: EnvelopesTable
  readonly openedEnvelopes: OpenedEnvelopesTable
  readonly forks: ForksTable
  readonly attempts: AttemptsTable
  readonly events: EventsTable
  readonly idempotency: IdempotencyTable
  readonly revisions: RevisionsTable
  readonly reactions: ReactionsTable
  readonly readers: ReadersTable
  readonly readMarks: ReadMarksTable

  constructor(database: Database, commits: GroupCommit) {
    this.database = database
    this.commits = commits
    this.meta = new MetaTable(database)
    this.contacts = new ContactsTable(database)
    this.contactKeys = new ContactKeysTable(database)
    this.strangers = new StrangersTable(database)
    this.devices = new DevicesTable(database)
    this.streams = new StreamsTable(database)
    this.reissues = new ReissuesTable(database)
    this.origins = new OriginsTable(database)
    this.hidden = new HiddenTable(database)
    this.quiet = new QuietTable(database)
    this.withheld = new WithheldTable(database)
    this.vacancies = new VacanciesTable(database)
    this.deadlines = new DeadlinesTable(database)
    this.messages = new MessagesTable(database, this.reissues)
    this.displayOrder = new DisplayOrder(this)
    this.search = new SearchTable(database, this.messages)
    this.deliveries = new DeliveriesTable(database)
    this.cursors = new CursorsTable(database)
    this.envelopes = new EnvelopesTable(database)
    this.openedEnvelopes = new OpenedEnvelopesTable(database)
    this.forks = new ForksTable(database)
    this.attempts = new AttemptsTable(database)
    this.events = new EventsTable(database)
    this.idempotency = new IdempotencyTable(database)
    this.revisions = new RevisionsTable(database)
    this.reactions = new ReactionsTable(database)
    this.readers = new ReadersTable(database)
    this.readMarks = new ReadMarksTable(database)
  }

  /** Forgets what is past its time: ids of envelopes, and idempotency keys. */
  prune(now: number): void {
    this.openedEnvelopes.prune(now - ENVELOPE_ID_KEPT_MS)
    this.envelopes.prune(now - ENVELOPE_ID_KEPT_MS)
    this.idempotency.prune(now - IDEMPOTENCY_KEPT_MS)
  }

  /** Inside a transaction: the stranger who has been away for the longest, if there is one, is no longer known. */
  forgetStranger(): AccountId | undefined {
    const forgotten = this.strangers.forgetOne()
    for (const device of forgotten?.devices ?? []) this.devices.forgotten(device)
    return forgotten?.account
  }

  /** The API's id of the message at a position: that of the first place where it stood. */
  localIdAt(place: Place): LocalMessageId {
    const { stream, seq } = this.reissues.first(place)
    const row = this.streams.byId(stream)
    if (row === undefined) throw new Error(`there is no stream ${stream}`)
    return localIdOf(row.tag, seq)
  }

  /** Commits what waits, then closes the file. */
  close(): void {
    if (!this.database.open) return
    this.commits.close()
    this.database.close()
  }
}

/** `onBroken`: see GroupCommit. */
export function openStore(file: string, onBroken: (error: Error) => void, key?: DatabaseKey): Store {
  const database = openDatabase(file, key)
  return new Store(database, new GroupCommit(database, onBroken))
}
