import { DirectoryInfo } from '@parley/shared/directory-api/users.ts'
import type { Name } from '@parley/shared/ids.ts'
import { DIRECTORY_TIMEOUT_MS } from '@parley/shared/limits.ts'
import { isReservedName } from '@parley/shared/reserved-names.ts'
import { z } from 'zod'
import type { DirectoryAddress } from './directory-address.ts'
import { call } from './directory-calls.ts'
import { DirectoryError } from './directory-error.ts'
import { HttpExchange } from './http-exchange.ts'

export interface NameAnswer {
  readonly isFree: boolean
  /** New names are taken only with the registration token. */
  readonly needsToken: boolean
}

/**
 * Whether the directory would take the name for a new account, and what else it wants for that. What it says is believed as it is:
 * whoever registers later is told. Rejects with DirectoryError when it cannot be asked.
 */
export async function checkName(address: DirectoryAddress, name: Name, signal: AbortSignal): Promise<NameAnswer> {
  const exchange = new HttpExchange({ ...address, timeoutMs: DIRECTORY_TIMEOUT_MS })
  try {
    const [{ features }, isFree] = await Promise.all([
      call(exchange, DirectoryInfo, { method: 'GET', path: '/v1', signal }),
      isNameFree(exchange, name, signal),
    ])
    return { isFree, needsToken: features.includes('registration-token') }
  } finally {
    exchange.close()
  }
}

async function isNameFree(exchange: HttpExchange, name: Name, signal: AbortSignal): Promise<boolean> {
  if (isReservedName(name)) return false
  try {
    await call(exchange, z.unknown(), { method: 'GET', path: `/v1/users/${encodeURIComponent(name)}`, signal })
    return false
  } catch (error) {
    const isUnknown = error instanceof DirectoryError && error.problem?.code === 'unknown-name'
    if (!isUnknown) throw error
    // One that was given up is kept back for whoever had it.
    return error.problem?.retirement === undefined
  }
}
