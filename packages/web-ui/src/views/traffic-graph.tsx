import { MAX_TRAFFIC_SAMPLES } from '@parley/shared/limits.ts'
import type { Traffic } from '@parley/shared/local-api/peers.ts'
import { useEffect, useState } from 'preact/hooks'
import { useDaemon } from '#parts/context.ts'
import { line } from '#state/store.ts'
import { bytesWords } from '#text/bytes.ts'
import { words } from '#words/words.ts'

const WIDTH = MAX_TRAFFIC_SAMPLES
/** Of each half, in the units of the picture. */
const HALF = 24
/** Less than this in a step is drawn small, however little there was in the others. */
const LEAST_PEAK_BYTES = 2_000

/** What came, above the line, and what went, below it, in the last minutes. */
export function TrafficGraph() {
  const daemon = useDaemon()
  const [traffic, setTraffic] = useState<Traffic>()
  const isUp = line.value === 'up'
  useEffect(() => {
    if (!isUp) return
    const look = () => {
      // Whether the daemon is away is told elsewhere.
      daemon.client.traffic().then(setTraffic, () => undefined)
    }
    look()
    const timer = setInterval(look, LOOK_MS)
    return () => clearInterval(timer)
  }, [daemon, isUp])
  if (traffic === undefined) return null
  const { samples, everyMs } = traffic
  const received = samples.map(({ receivedBytes }) => receivedBytes)
  const sent = samples.map(({ sentBytes }) => sentBytes)
  const peak = Math.max(LEAST_PEAK_BYTES, ...received, ...sent)
  const said = words.network.trafficSaid(
    bytesWords(total(received)),
    bytesWords(total(sent)),
    Math.max(1, Math.round((samples.length * everyMs) / 60_000)),
  )
  return (
    <section>
      <h2>{words.network.traffic}</h2>
      <div class="traffic">
        <svg viewBox={`0 0 ${WIDTH} ${2 * HALF}`} preserveAspectRatio="none" role="img" aria-label={said}>
          <path class="traffic-in" d={bars(received, peak, -1)} />
          <path class="traffic-out" d={bars(sent, peak, 1)} />
          <path class="traffic-axis" d={`M0 ${HALF}H${WIDTH}`} />
        </svg>
        <p class="secondary">
          {said} {words.network.trafficPeak(bytesWords(Math.round((peak * 1_000) / everyMs)))}
        </p>
        <p class="meta">
          {words.network.trafficTotal(bytesWords(traffic.receivedBytes), bytesWords(traffic.sentBytes))}
        </p>
      </div>
    </section>
  )
}

const LOOK_MS = 5_000

/** The newest at the right edge; `side` is -1 above the line and 1 below it. */
function bars(values: readonly number[], peak: number, side: 1 | -1): string {
  const left = WIDTH - values.length
  return values
    .map((value, at) => {
      if (value === 0) return ''
      const height = Math.max(0.6, (value / peak) * (HALF - 1)) * side
      return `M${left + at + 0.15} ${HALF}v${height.toFixed(2)}h0.7V${HALF}z`
    })
    .join('')
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0)
}
