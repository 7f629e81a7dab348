import { setTimeout as after } from 'node:timers/promises'
import type { Fault } from '#faults.ts'
import { whyMissing } from '#requirements.ts'
import { Stage } from '#stage.ts'
import { conclude } from './conclusion.ts'
import { Lab } from './lab.ts'
import { LabFailure } from './lab-failure.ts'
import type { Scenario, Size } from './scenario.ts'

export interface RunOptions {
  readonly seed: number
  /** By default that of the scenario. */
  readonly size?: Size | undefined
  readonly faults?: readonly Fault[] | undefined
  /** Peers that may live in this process do; by default each has one of its own. */
  readonly sharesProcess?: boolean | undefined
  readonly onNote?: ((text: string) => void) | undefined
  /** Aborted, everything that was started is ended and the run rejects with its reason. */
  readonly signal?: AbortSignal | undefined
  /** No strikes after this many milliseconds. */
  readonly maxStrikesMs?: number | undefined
  /** Whose directories stay; by default those of what failed. */
  readonly keeps?: 'all' | 'failed' | 'none' | undefined
}

export interface Outcome {
  readonly scenario: string
  readonly seed: number
  readonly size: Size
  /** Of the schedule: the same for the same seed and size. */
  readonly schedule: string
  readonly result: 'passed' | 'failed' | 'skipped'
  /** Why it failed or was skipped. */
  readonly reason?: string
  readonly code?: string
  readonly seconds: number
  readonly figures: Readonly<Record<string, number>>
  /** Where everything still lies. */
  readonly directory?: string
  /** What was noted, and what the programs said last. */
  readonly report?: string
}

/** One scenario from its start to the judgement. A scenario that fails is a result; rejects only when `signal` aborts. */
export async function runScenario(scenario: Scenario, options: RunOptions): Promise<Outcome> {
  const { seed, size = scenario.size, faults = [], sharesProcess = false, onNote = () => undefined } = options
  const { signal, keeps = 'failed' } = options
  const schedule = scenario.prepare(seed, size)
  const about = { scenario: scenario.name, seed, size, schedule: schedule.hash }
  const missing = scenario.needs.map(whyMissing).find((why) => why !== undefined)
  if (missing !== undefined) return { ...about, result: 'skipped', reason: missing, seconds: 0, figures: {} }

  signal?.throwIfAborted()
  const startedAt = performance.now()
  const seconds = () => Math.round((performance.now() - startedAt) / 100) / 10
  await using stage = await Stage.open()
  if (keeps === 'all') stage.keep()
  const deadline = new AbortController()
  const late = timeLimit(options.maxStrikesMs, deadline)
  await using lab = new Lab({ stage, size, faults, sharesProcess, onNote, deadline: deadline.signal })
  const kept = () => (stage.isKept ? { directory: stage.dir } : {})
  try {
    const played = schedule.play(lab).then(() => conclude(lab))
    await (signal === undefined ? played : Promise.race([played, aborted(signal, played)]))
    return { ...about, result: 'passed', seconds: seconds(), figures: lab.figures, ...kept() }
  } catch (error) {
    signal?.throwIfAborted()
    const reason = error instanceof Error ? error.message : String(error)
    const code = error instanceof LabFailure ? error.code : 'error'
    if (keeps === 'failed') stage.keep()
    const { figures } = lab
    return { ...about, result: 'failed', code, reason, seconds: seconds(), figures, report: stage.report(), ...kept() }
  } finally {
    late.abort()
  }
}

function timeLimit(ms: number | undefined, deadline: AbortController): AbortController {
  const cancel = new AbortController()
  if (ms === undefined) return cancel
  after(ms, undefined, { signal: cancel.signal, ref: false }).then(
    () => deadline.abort(),
    () => undefined,
  )
  return cancel
}

/** Rejects when the signal aborts. What goes on behind it fails soon, when its processes are gone, and nobody asks for that. */
function aborted(signal: AbortSignal, played: Promise<void>): Promise<never> {
  played.catch(() => undefined)
  return new Promise((_, reject) => {
    signal.addEventListener(
      'abort',
      () => reject(signal.reason instanceof Error ? signal.reason : new Error('aborted')),
      {
        once: true,
      },
    )
  })
}
