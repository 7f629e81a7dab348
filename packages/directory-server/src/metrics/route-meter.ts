/** Upper bounds in seconds, from an answer out of memory to a request that waits for its time-out. */
export const BUCKETS_S = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 2.5, 10] as const

/** What happened to the requests of one method on one route, since the start. Recording touches numbers only. */
export class RouteMeter {
  readonly method: string
  readonly route: string
  /** Requests by status; `aborted` when the client was gone before the answer was. */
  readonly codes = new Map<number | 'aborted', number>()
  /** Requests by bucket, each in one; the last one is for what took longer than every bound. */
  readonly buckets: number[] = Array.from({ length: BUCKETS_S.length + 1 }, () => 0)
  seconds = 0

  constructor(method: string, route: string) {
    this.method = method
    this.route = route
  }

  record(code: number | 'aborted', ms: number): void {
    const seconds = ms / 1_000
    this.codes.set(code, (this.codes.get(code) ?? 0) + 1)
    this.seconds += seconds
    let bucket = 0
    while (bucket < BUCKETS_S.length && seconds > (BUCKETS_S[bucket] ?? 0)) bucket += 1
    this.buckets[bucket] = (this.buckets[bucket] ?? 0) + 1
  }
}

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'PUT', 'POST', 'DELETE', 'OPTIONS', 'PATCH'])

/** One meter for each pair. Routes are templates and methods a few words, so strangers cannot make many. */
export class RouteMeters {
  readonly #meters = new Map<string, Map<string, RouteMeter>>()

  /** `route` as Express spells it, for instance `/v1/users/:name`; `none` for an address that is no route. */
  meter(method: string, route: string): RouteMeter {
    const word = METHODS.has(method) ? method : 'other'
    const known = this.#meters.get(route)?.get(word)
    if (known !== undefined) return known
    const meter = new RouteMeter(word, route)
    const ofRoute = this.#meters.get(route)
    if (ofRoute === undefined) this.#meters.set(route, new Map([[word, meter]]))
    else ofRoute.set(word, meter)
    return meter
  }

  all(): RouteMeter[] {
    return [...this.#meters.values()].flatMap((ofRoute) => [...ofRoute.values()])
  }
}
