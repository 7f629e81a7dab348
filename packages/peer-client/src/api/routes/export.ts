import { once } from 'node:events'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ExportRecord } from '@parley/shared/local-api/export.ts'
import { ExportQuery } from '@parley/shared/local-api/export.ts'
import { type Response, Router } from 'express'
import type { ApiParts } from '../api-parts.ts'
import { methodNotAllowed } from '../error-handler.ts'
import { queryOf, signalOf } from '../request.ts'

/** After so many records others get their turn. */
const RECORDS_AT_ONCE = 64

/** `GET /api/v1/export`: everything, no faster than it is read. */
export function exportRoutes({ daemon, stopping }: ApiParts): Router {
  const router = Router({ strict: true, caseSensitive: true })
  router
    .route('/api/v1/export')
    .get(async (request, response) => {
      const query = queryOf(request, ExportQuery)
      const signal = signalOf(response, stopping)
      const records = await daemon.export(query, signal)
      response.status(200).type('application/x-ndjson')
      await write(response, records, signal)
    })
    .all(methodNotAllowed('GET', 'HEAD'))
  return router
}

async function write(response: Response, records: Iterable<ExportRecord>, signal: AbortSignal): Promise<void> {
  let written = 0
  try {
    for (const record of records) {
      if (signal.aborted) break
      if (!response.write(`${JSON.stringify(record)}\n`)) await once(response, 'drain', { signal })
      written += 1
      if (written % RECORDS_AT_ONCE === 0) await nextTurn()
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
  // Whoever reads sees by the missing last record that the daemon stopped.
  response.end()
}
