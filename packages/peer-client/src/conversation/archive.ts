import type { ExportRecord } from '@parley/shared/local-api/export.ts'
import type { Why } from '@parley/shared/local-api/messages.ts'
import { type ExplainDeps, explain } from './explain.ts'
import { type ExportDeps, type ExportOptions, exportRecords } from './export.ts'

/** What can be asked about all that was said. */
export class Archive {
  readonly #deps: ExplainDeps & ExportDeps

  constructor(deps: ExplainDeps & ExportDeps) {
    this.#deps = deps
  }

  /** Throws ConversationError `unknown-message`. */
  why(id: string): Why {
    return explain(this.#deps, id)
  }

  /** All that was said, as records, read as they are taken. */
  export(options: ExportOptions = {}): Iterable<ExportRecord> {
    return exportRecords(this.#deps, options)
  }
}
