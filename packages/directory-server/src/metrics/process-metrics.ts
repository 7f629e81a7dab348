import { readdirSync } from 'node:fs'
import { Counter, Gauge, type Registry } from 'prom-client'

/** Those of prom-client's default metrics that are read when asked; the others wake an idle process a hundred times a second. */
export function registerProcessMetrics(register: Registry, version: string): void {
  const registers = [register]
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read())
      },
    })
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
  gauge('process_resident_memory_bytes', 'Resident memory', () => process.memoryUsage.rss())
  gauge('process_start_time_seconds', 'When the process started', () => performance.timeOrigin / 1_000)
  gauge('process_open_fds', 'Open file descriptors; 0 where the system does not tell', countDescriptors)
  gauge('nodejs_heap_used_bytes', 'Memory that JavaScript objects use', () => process.memoryUsage().heapUsed)
  gauge('nodejs_external_memory_bytes', 'Buffers outside the heap', () => process.memoryUsage().external)
  let before = performance.eventLoopUtilization()
  gauge('nodejs_eventloop_utilization', 'Share of the time since the last reading that the event loop was busy', () => {
    const now = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(now, before)
    before = now
    return utilization
  })
  const labelNames = ['version', 'node']
  new Gauge({ name: 'parley_directory_info', help: 'What runs here', labelNames, registers }).set(
    { version, node: process.versions.node },
    1,
  )
}

function countDescriptors(): number {
  try {
    return readdirSync('/proc/self/fd').length
  } catch {
    return 0
  }
}
