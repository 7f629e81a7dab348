import { Counter, Histogram, type Registry } from 'prom-client'
import { BUCKETS_S, type RouteMeters } from './route-meter.ts'

const DURATION = 'parley_directory_http_request_duration_seconds'
const HELP = 'From the header of a request to the end of its answer'

/** Shows the meters under the usual names. */
export function registerRequestMetrics(register: Registry, meters: RouteMeters): void {
  new Counter({
    name: 'parley_directory_http_requests_total',
    help: 'Requests by route and status; aborted: the client left before its answer did',
    labelNames: ['method', 'route', 'code'],
    registers: [register],
    collect() {
      this.reset()
      for (const { method, route, codes } of meters.all()) {
        for (const [code, times] of codes) this.inc({ method, route, code: String(code) }, times)
      }
    },
  })
  register.registerMetric(new MeterHistogram(meters))
}

/** prom-client hashes labels at each observation, which costs more than a cached answer does; the meters count for it. */
class MeterHistogram extends Histogram {
  readonly #meters: RouteMeters

  constructor(meters: RouteMeters) {
    super({ name: DURATION, help: HELP, registers: [] })
    this.#meters = meters
  }

  /** What a Registry of prom-client 15 asks a histogram for when it writes its text. */
  async getForPromString() {
    return { name: DURATION, help: HELP, type: 'histogram', values: this.#meters.all().flatMap(valuesOf) }
  }
}

function valuesOf({ method, route, buckets, seconds }: ReturnType<RouteMeters['meter']>) {
  let upTo = 0
  const cumulated = [...BUCKETS_S, '+Inf'].map((le, index) => {
    upTo += buckets[index] ?? 0
    return { metricName: `${DURATION}_bucket`, labels: { method, route, le }, value: upTo }
  })
  return [
    ...cumulated,
    { metricName: `${DURATION}_sum`, labels: { method, route }, value: seconds },
    { metricName: `${DURATION}_count`, labels: { method, route }, value: upTo },
  ]
}
