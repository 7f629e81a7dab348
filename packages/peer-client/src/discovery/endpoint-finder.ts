import type { DeviceKey } from '@parley/shared/ids.ts'
import type { Endpoint } from '@parley/shared/signed/device-statement.ts'
import type { VerifiedUser } from '#directory/verified-user.ts'
import { canonicalAddress } from './address-class.ts'
import type { DialFilter, DialVerdict } from './dial-filter.ts'

/** An endpoint to try, or one that must not be tried. */
export type FoundEndpoint =
  | { readonly endpoint: Endpoint; readonly from: 'worked' | 'statement' }
  | { readonly endpoint: Endpoint; readonly refused: Extract<DialVerdict, { isAllowed: false }>['reason'] }

export interface EndpointFinderOptions {
  /** Over which a session to the device came up before, the latest first. */
  readonly worked: (device: DeviceKey) => readonly Endpoint[]
  /** What the directory holds of the account of the device; undefined when there is no directory to ask, or no name to ask for. */
  readonly lookup: (device: DeviceKey, signal: AbortSignal | undefined) => Promise<VerifiedUser | undefined>
  readonly filter: Pick<DialFilter, 'judge'>
}

/** Where a device can be dialled. */
export class EndpointFinder {
  readonly #options: EndpointFinderOptions

  constructor(options: EndpointFinderOptions) {
    this.#options = options
  }

  /**
   * Each endpoint once, the most promising first: the one that worked last, what the device itself states now, what worked
   * before. The directory is asked only when the first was of no use; when it fails, that is thrown after all else was tried.
   */
  async *find(device: DeviceKey, { signal }: { readonly signal?: AbortSignal } = {}): AsyncGenerator<FoundEndpoint> {
    // What worked was authenticated there, or typed by the user: it needs no judgement.
    const worked = this.#options.worked(device)
    const tried = new Set<string>()
    const isNew = (endpoint: Endpoint) => {
      const key = keyOf(endpoint)
      if (tried.has(key)) return false
      tried.add(key)
      return true
    }
    for (const endpoint of worked.slice(0, 1).filter(isNew)) yield { endpoint, from: 'worked' }
    const stated = await this.#stated(device, signal).catch((error: unknown) => ({ error }))
    if (!('error' in stated)) {
      const workedKeys = new Set(worked.map(keyOf))
      for (const { endpoint, verdict } of this.#inOrder(stated.endpoints)) {
        if (!verdict.isAllowed) {
          if (!workedKeys.has(keyOf(endpoint))) yield { endpoint, refused: verdict.reason }
        } else if (isNew(endpoint)) {
          yield { endpoint, from: 'statement' }
        }
      }
    }
    for (const endpoint of worked.filter(isNew)) yield { endpoint, from: 'worked' }
    if ('error' in stated) throw stated.error
  }

  async #stated(device: DeviceKey, signal: AbortSignal | undefined): Promise<{ endpoints: readonly Endpoint[] }> {
    const user = await this.#options.lookup(device, signal)
    const statement = user?.statements.find(({ deviceKey }) => deviceKey === device)
    return { endpoints: statement?.endpoints ?? [] }
  }

  #inOrder(endpoints: readonly Endpoint[]) {
    return endpoints
      .map((endpoint) => ({ endpoint, verdict: this.#options.filter.judge(endpoint) }))
      .toSorted((a, b) => farness(a.verdict) - farness(b.verdict))
  }
}

function farness(verdict: DialVerdict): number {
  return verdict.isAllowed && verdict.isNear ? 0 : 1
}

function keyOf({ transport, host, port }: Endpoint): string {
  return `${transport} ${canonicalAddress(host)} ${port}`
}
