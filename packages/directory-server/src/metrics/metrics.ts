import { Counter, Gauge, Registry } from 'prom-client'
import { registerProcessMetrics } from './process-metrics.ts'
import { registerRequestMetrics } from './request-metrics.ts'
import { RouteMeters } from './route-meter.ts'

/** Where the numbers come from. Each is read when the metrics are, and at no other time. */
export interface MetricSources {
  readonly version: string
  readonly registeredNames: () => number
  readonly onlineAccounts: () => number
  readonly presenceSockets: () => { readonly present: number; readonly unauthenticated: number }
  readonly watchedNames: () => number
  readonly waitingWrites: () => number
  readonly waitingSearches: () => number
  readonly walBytes: () => number
  readonly drops: () => ReadonlyMap<string, number>
}

export interface MetricsText {
  readonly contentType: string
  readonly text: string
}

/** What an operator can graph. Names, once given, stay; labels have few values, whatever strangers ask for. */
export class Metrics {
  readonly requests = new RouteMeters()
  readonly #register = new Registry()

  constructor(sources: MetricSources) {
    const registers = [this.#register]
    const gauge = (name: string, help: string, read: () => number) =>
      new Gauge({
        name: `parley_directory_${name}`,
        help,
        registers,
        collect() {
          this.set(read())
        },
      })
    registerRequestMetrics(this.#register, this.requests)
    gauge('names', 'Names that are registered', sources.registeredNames)
    gauge('online_accounts', 'Accounts that are online', sources.onlineAccounts)
    gauge('watched_names', 'Names that somebody watches', sources.watchedNames)
    gauge('commit_queue_writes', 'Writes that wait for their transaction', sources.waitingWrites)
    gauge('search_queue', 'Searches that wait for their answer', sources.waitingSearches)
    gauge('wal_bytes', 'Size of the write-ahead log', sources.walBytes)
    new Gauge({
      name: 'parley_directory_presence_sockets',
      help: 'Presence sockets, by whether their device is known',
      labelNames: ['state'],
      registers,
      collect() {
        const { present, unauthenticated } = sources.presenceSockets()
        this.set({ state: 'present' }, present)
        this.set({ state: 'unauthenticated' }, unauthenticated)
      },
    })
    new Counter({
      name: 'parley_directory_drops_total',
      help: 'What was refused or cut to protect the directory',
      labelNames: ['reason'],
      registers,
      collect() {
        this.reset()
        for (const [reason, times] of sources.drops()) this.inc({ reason }, times)
      },
    })
    registerProcessMetrics(this.#register, sources.version)
  }

  async read(): Promise<MetricsText> {
    return { contentType: this.#register.contentType, text: await this.#register.metrics() }
  }
}
