import type { ExportRecord } from '@parley/shared/local-api/export.ts'
import type { Why } from '@parley/shared/local-api/messages.ts'
import type { SearchPage } from '@parley/shared/local-api/search.ts'
import type { EventLog } from './event-log.ts'
import { type ExplainDeps, explain } from './explain.ts'
import { type ExportDeps, type ExportOptions, exportRecords } from './export.ts'
import type { Search, SearchOptions } from './search.ts'

interface ArchiveDeps extends ExplainDeps, ExportDeps {
  readonly search: Search
  readonly eventLog: EventLog
}

/** What can be asked about all that was said. */
export class Archive {
  readonly #deps: ArchiveDeps

  constructor(deps: ArchiveDeps) {
    this.#deps = deps
  }

  /** Indexes what is not indexed yet. */
  start(): void {
    this.#deps.search.indexing.start()
  }

  stop(): Promise<void> {
    return this.#deps.search.stop()
  }

  /** Throws ConversationError `unknown-message`. */
  why(id: string): Why {
    return explain(this.#deps, id)
  }

  /** By words: see Search. Rejects with ConversationError `no-words` or `search-busy`, and with MatchError. */
  search(query: string, options?: SearchOptions): Promise<SearchPage> {
    return this.#deps.search.find(query, options)
  }

  /** What happened since a place in the log, and what happens. */
  get events(): EventLog {
    return this.#deps.eventLog
  }

  /** All that was said, as records, read as they are taken. */
  export(options: ExportOptions = {}): Iterable<ExportRecord> {
    return exportRecords(this.#deps, options)
  }
}
