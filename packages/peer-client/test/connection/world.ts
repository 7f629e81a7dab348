import { randomBytes } from 'node:crypto'
import { DeviceKey } from '@parley/shared/ids.ts'
import type { Endpoint } from '@parley/shared/signed/device-statement.ts'
import type { Attempt } from '#connection/attempt.ts'
import { type DialledSessions, Dialler, type DiallerOptions } from '#connection/dialler.ts'
import { SessionError } from '#session/session-error.ts'
import { FakeClock } from '../support/fake-clock.ts'

export function deviceKey(): DeviceKey {
  return DeviceKey.parse(randomBytes(32).toString('base64url'))
}

export const at = (port: number, host = '127.0.0.1'): Endpoint => ({ transport: 'tcp', host, port })

export type Answer = DeviceKey | Error | 'hang'

interface Dial {
  readonly endpoint: Endpoint
  readonly expect: DeviceKey | undefined
  readonly atMs: number
}

/** The far side of a dial: it answers as a test says, and holds the sessions that come of it. */
class ScriptedSessions implements DialledSessions {
  readonly dials: Dial[] = []
  readonly #clock: FakeClock
  readonly #current = new Map<DeviceKey, object>()
  answer: (endpoint: Endpoint, expect: DeviceKey | undefined) => Answer = () => refused()
  active = 0
  mostActive = 0

  constructor(clock: FakeClock) {
    this.#clock = clock
  }

  get dialledAt(): number[] {
    return this.dials.map(({ atMs }) => atMs)
  }

  current(device: DeviceKey): object | undefined {
    return this.#current.get(device)
  }

  connect(device: DeviceKey): void {
    this.#current.set(device, {})
  }

  disconnect(device: DeviceKey): void {
    this.#current.delete(device)
  }

  async dial(endpoint: Endpoint, { expect, signal }: { expect?: DeviceKey | undefined; signal: AbortSignal }) {
    this.dials.push({ endpoint, expect, atMs: this.#clock.elapsedMs() })
    this.active += 1
    this.mostActive = Math.max(this.mostActive, this.active)
    try {
      const answer = this.answer(endpoint, expect)
      if (answer instanceof Error) throw answer
      if (answer === 'hang') throw await aborted(signal)
      this.connect(answer)
      return { device: answer }
    } finally {
      this.active -= 1
    }
  }
}

function aborted(signal: AbortSignal): Promise<Error> {
  return new Promise((resolve) => {
    const end = () => resolve(signal.reason instanceof Error ? signal.reason : new Error('aborted'))
    if (signal.aborted) end()
    else signal.addEventListener('abort', end, { once: true })
  })
}

export function refused(): SessionError {
  return new SessionError('link-failed', 'connection refused')
}

export function world(options: Partial<DiallerOptions> = {}) {
  const clock = new FakeClock()
  const sessions = new ScriptedSessions(clock)
  const attempts: Attempt[] = []
  const dialler = new Dialler({ sessions, clock, onAttempt: (attempt) => attempts.push(attempt), ...options })
  return { clock, sessions, attempts, dialler }
}
