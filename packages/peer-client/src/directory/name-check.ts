import type { Name } from '@parley/shared/ids.ts'
import { DIRECTORY_TIMEOUT_MS } from '@parley/shared/limits.ts'
import { isReservedName } from '@parley/shared/reserved-names.ts'
import { z } from 'zod'
import type { DirectoryAddress } from './directory-address.ts'
import { call } from './directory-calls.ts'
import { DirectoryError } from './directory-error.ts'
import { HttpExchange } from './http-exchange.ts'

/**
 * Whether the directory would take the name for a new account. What it says is believed as it is: whoever registers later is told.
 * Rejects with DirectoryError when it cannot be asked.
 */
export async function isNameFree(address: DirectoryAddress, name: Name, signal: AbortSignal): Promise<boolean> {
  if (isReservedName(name)) return false
  const exchange = new HttpExchange({ ...address, timeoutMs: DIRECTORY_TIMEOUT_MS })
  try {
    await call(exchange, z.unknown(), { method: 'GET', path: `/v1/users/${encodeURIComponent(name)}`, signal })
    return false
  } catch (error) {
    const isUnknown = error instanceof DirectoryError && error.problem?.code === 'unknown-name'
    if (!isUnknown) throw error
    // One that was given up is kept back for whoever had it.
    return error.problem?.retirement === undefined
  } finally {
    exchange.close()
  }
}
