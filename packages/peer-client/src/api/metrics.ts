// Numbers for whoever graphs them, read when they are asked for and at no other time. Nobody's name is in them.
import { Counter, Gauge, Registry } from 'prom-client'
import type { Daemon } from './daemon.ts'

export interface MetricsText {
  readonly contentType: string
  readonly text: string
}

export class Metrics {
  readonly #register = new Registry()

  constructor(daemon: Pick<Daemon, 'status' | 'peers'>) {
    const registers = [this.#register]
    const gauge = (name: string, help: string, read: () => number) =>
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(read())
        },
      })
    const status = () => daemon.status()
    const sum = (
      read: (bytes: { receivedBytes?: number | undefined; sentBytes?: number | undefined }) => number | undefined,
    ) => daemon.peers().reduce((total, { link }) => total + (link.state === 'connected' ? (read(link) ?? 0) : 0), 0)
    gauge('parley_peer_connected_devices', 'Devices with a session', () => status().connected)
    gauge('parley_peer_waiting_messages', 'Messages that are not delivered yet', () => status().waiting)
    gauge('parley_peer_unread_messages', 'Texts of others that nobody has read here', () => status().unread)
    gauge('parley_peer_contacts', 'People who are known', () => status().contacts.known)
    gauge(
      'parley_peer_verified_contacts',
      'Of them those whose safety number was compared',
      () => status().contacts.verified,
    )
    gauge(
      'parley_peer_key_changes',
      'Contacts whose key changed: the user has to decide',
      () => status().contacts.keyChanged.length,
    )
    gauge('parley_peer_directory_online', '1 while the directory sees this peer', () =>
      Number(status().directory.state === 'online'),
    )
    gauge('parley_peer_session_received_bytes', 'Received on the sessions that are open', () =>
      sum((link) => link.receivedBytes),
    )
    gauge('parley_peer_session_sent_bytes', 'Sent on the sessions that are open', () => sum((link) => link.sentBytes))
    gauge('process_start_time_seconds', 'When the process started', () => performance.timeOrigin / 1_000)
    gauge('process_resident_memory_bytes', 'Resident memory', () => process.memoryUsage.rss())
    gauge('nodejs_heap_used_bytes', 'Memory that JavaScript objects use', () => process.memoryUsage().heapUsed)
    new Counter({
      name: 'process_cpu_seconds_total',
      help: 'Processor time, user and system',
      registers,
      collect() {
        const { user, system } = process.cpuUsage()
        this.reset()
        this.inc((user + system) / 1e6)
      },
    })
    new Gauge({ name: 'parley_peer_info', help: 'What runs here', labelNames: ['version', 'node'], registers }).set(
      { version: status().version, node: process.versions.node },
      1,
    )
  }

  async read(): Promise<MetricsText> {
    return { contentType: this.#register.contentType, text: await this.#register.metrics() }
  }
}
